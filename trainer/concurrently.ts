/**
 * Does `work` for each item, at most `limit` at a time; takes the next item only when there is room.
 * After a failure no further item is begun; it is thrown once those under way have ended.
 */
export async function concurrently<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  async function worker(): Promise<void> {
    try {
      while (!failure) {
        const next = await source.next();
        if (next.done || failure) return;
        await work(next.value);
      }
    } catch (error) {
      failure ??= { error };
    }
  }
  try {
    await Promise.all(Array.from({ length: limit }, worker));
  } finally {
    await source.return?.();
  }
  if (failure) throw failure.error;
}
