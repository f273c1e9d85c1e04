/**
 * How urgent a key is: `soon` for what somebody changed or a time that has come, `later` for what is looked at again to be
 * sure: the first list after a start, and tries after a failure.
 */
export type Lane = 'soon' | 'later';

/** Keys that wait for their turn, each once. */
export interface Lanes {
  /** A key that waits already keeps its place, unless it becomes more urgent. */
  add(key: string, lane: Lane, since: number): void;
  /** Whose turn it is, and since when it waited. */
  next(): { key: string; lane: Lane; since: number } | undefined;
  size(): number;
}

/** One turn in so many is for those who may wait: else who is always busy would keep them waiting for ever. */
export const turnsForLater = 4;

/** First come, first served in each lane; `soon` goes before `later`, but for one turn in four. */
export function createLanes(): Lanes {
  const soon = new Map<string, number>();
  const later = new Map<string, number>();
  let passedOver = 0;

  return {
    add(key, lane, since) {
      if (soon.has(key)) return;
      const known = later.get(key);
      if (lane === 'later') {
        if (known === undefined) later.set(key, since);
        return;
      }
      later.delete(key);
      soon.set(key, known ?? since);
    },
    next() {
      const yields = soon.size === 0 || passedOver === turnsForLater - 1;
      const lane: Lane = later.size > 0 && yields ? 'later' : 'soon';
      const from = lane === 'later' ? later : soon;
      const first = from.entries().next().value;
      if (!first) return undefined;
      passedOver = lane === 'later' || later.size === 0 ? 0 : passedOver + 1;
      const [key, since] = first;
      from.delete(key);
      return { key, lane, since };
    },
    size: () => soon.size + later.size,
  };
}
