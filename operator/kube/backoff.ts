export interface BackoffSettings {
  baseDelayMs: number;
  maximumDelayMs: number;
}

/**
 * The wait before try number `failures` + 1: doubling, capped, and somewhere in the upper half of that, so that
 * clients that failed together do not come back together ("equal jitter", AWS Architecture Blog, 2015).
 */
export function backoff(
  failures: number,
  { baseDelayMs, maximumDelayMs }: BackoffSettings,
  random: () => number = Math.random,
): number {
  // 2 ** 30 is past every cap we set, and keeps the product finite for a key that fails for weeks.
  const full = Math.min(maximumDelayMs, baseDelayMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (random() * full) / 2;
}
