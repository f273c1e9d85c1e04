/** What is larger is large; few pictures of a shop are. */
export const largeBytes = 2 ** 20;
/** With 32 downloads of up to 1 MiB each, and these of up to 20, some 110 MiB are in flight at most. */
export const mostLarge = 4;

/** A place among the large ones. */
export type Leave = () => void;

/** Lets at most `limit` in at a time; the others wait in the order in which they came. Who was let in leaves once. */
export function createGate(limit: number): () => Promise<Leave> {
  let free = limit;
  const waiting: ((leave: Leave) => void)[] = [];

  function leave(): void {
    const next = waiting.shift();
    if (next) next(leave);
    else free++;
  }

  return async function enter() {
    if (free === 0) return new Promise((resolve) => waiting.push(resolve));
    free--;
    return leave;
  };
}
