/** Does all of it, `width` at a time. After the first error nothing more is begun; what is under way is not waited for. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  // A generator, unlike an array's iterator, is closed by the loop that an error leaves.
  const rest = (function* () {
    yield* items;
  })();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
