interface Count {
  taken: number;
  endsAt: number;
}

/** Keys are made of what strangers send: their number is bounded. */
const mostKeys = 100_000;

/** Counts what was taken for a key in a window of time that begins with the first; `points` may be. */
export function createWindow(points: number, windowMs: number, now: () => number, most = mostKeys) {
  /** In the order in which the windows began, which is that in which they end. */
  const counts = new Map<string, Count>();
  const current = (key: string) => {
    const count = counts.get(key);
    return count && count.endsAt > now() ? count : undefined;
  };
  function makeRoom(): void {
    for (const [key, { endsAt }] of counts) {
      if (endsAt > now() && counts.size < most) break;
      counts.delete(key);
    }
  }
  return {
    /** 0 where the point could be taken, else the milliseconds until there are new ones. */
    take(key: string): number {
      const count = current(key);
      if (!count) {
        counts.delete(key);
        makeRoom();
        counts.set(key, { taken: 1, endsAt: now() + windowMs });
        return 0;
      }
      if (count.taken >= points) return count.endsAt - now();
      count.taken++;
      return 0;
    },
    /** The milliseconds until there are points again; 0 where there are. */
    waitOf(key: string): number {
      const count = current(key);
      return count && count.taken >= points ? count.endsAt - now() : 0;
    },
    giveBack(key: string): void {
      const count = current(key);
      if (count && count.taken > 0) count.taken--;
    },
    forget: (key: string) => void counts.delete(key),
    holds: (key: string) => current(key) !== undefined,
    size: () => counts.size,
  };
}
