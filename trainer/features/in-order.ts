/**
 * Works on up to `limit` items at a time and gives the results in the items' order, so that workers are never short of work
 * and memory holds no more than that. What one of them throws is thrown when its turn comes.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    // Until its turn comes, a failure must not count as unhandled.
    result.catch(() => undefined);
    begun.push(result);
    if (begun.length >= limit) yield await (begun.shift() as Promise<R>);
  }
  for (const result of begun) yield await result;
}
