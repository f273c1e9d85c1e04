/** Longer than an upload from nearby takes. Whoever is slower is not counted: many who dawdle must not keep out the others. */
const countedForMs = 1_000;

/** How many are on their way: items that were let in, and whose uploads have not ended. */
export function createComers(forMs = countedForMs) {
  let count = 0;
  return {
    count: () => count,
    /** What it returns ends the counting; it may be called more than once. */
    add(): () => void {
      count++;
      let counted = true;
      const end = () => {
        clearTimeout(timer);
        if (counted) count--;
        counted = false;
      };
      const timer = setTimeout(end, forMs);
      timer.unref();
      return end;
    },
  };
}
