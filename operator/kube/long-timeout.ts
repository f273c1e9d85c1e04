/** setTimeout takes a signed 32-bit number of milliseconds, 24.8 days: a longer one fires at once. */
const longest = 2 ** 31 - 1;

/** Calls back after any number of milliseconds; the function it answers calls that off. */
export function after(ms: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    timer =
      left > longest ? setTimeout(() => wait(left - longest), longest) : setTimeout(callback, left);
  };
  wait(Math.max(0, ms));
  return () => clearTimeout(timer);
}
