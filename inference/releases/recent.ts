import { StoreUnreachable } from '@shelfwise/trainer-contract';
import { Problem } from '../http/problems.ts';

/** S3's own patience is a minute, which is no time that a page waits. */
const patienceMs = 10_000;
const atATime = 4;

/**
 * Keeps the last few answers for a while. Those who ask for one that is being fetched share it; few are fetched at a time,
 * beyond which the problem `overloaded` is thrown. An answer that takes too long is StoreUnreachable; errors are not kept.
 */
export function createRecent<T>({
  keep,
  freshMs,
  now = () => performance.now(),
}: {
  keep: number;
  freshMs: number;
  now?: () => number;
}) {
  const kept = new Map<string, { since: number; value: T }>();
  const underWay = new Map<string, Promise<T>>();

  function fetchOnce(key: string, fetch: () => Promise<T>): Promise<T> {
    const already = underWay.get(key);
    if (already) return already;
    if (underWay.size >= atATime) {
      const detail = 'Too much is being read from the store: try again in a moment.';
      throw new Problem('overloaded', detail, { retryAfter: 1 });
    }
    const begun = fetch()
      .then((value) => {
        kept.delete(key);
        kept.set(key, { since: now(), value });
        if (kept.size > keep) kept.delete(kept.keys().next().value as string);
        return value;
      })
      .finally(() => underWay.delete(key));
    underWay.set(key, begun);
    return begun;
  }

  return {
    async get(key: string, fetch: () => Promise<T>): Promise<T> {
      const known = kept.get(key);
      if (known && now() - known.since < freshMs) return known.value;
      return withinPatience(fetchOnce(key, fetch));
    },
  };
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StoreUnreachable(`The store did not answer within ${patienceMs} ms.`));
    }, patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
