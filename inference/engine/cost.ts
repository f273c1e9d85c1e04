/** Weight of the newest batch beside all before it. */
const SMOOTHING = 0.1;
/**
 * A batch counts as at most so many times what was expected: a stall of the machine (a batch that took seconds) must not
 * close the door on thousands of requests that would be answered in time, while lasting slowness doubles what is expected
 * in three batches.
 */
const OUTLIER = 4;
/** How much a batch's fixed part must explain to be believed; without it batches of one size would tell any. */
const RIDGE = 0.005;

/**
 * What a batch costs, learned from those that were served: a·n + b milliseconds for n items, by least squares in which older
 * batches fade. Most of it is a: batching gains little on a CPU.
 */
export function createCost() {
  // Fading means over batches of n, n², milliseconds and n × milliseconds.
  let [n1, n2, t, nt] = [0, 0, 0, 0];
  let fit: { each: number; fixed: number } | undefined;

  function solve() {
    const weight = 1 + RIDGE;
    const spread = n2 * weight - n1 * n1;
    const fixed = (n2 * t - n1 * nt) / spread;
    if (!(fixed > 0)) return { each: nt / n2, fixed: 0 };
    const each = (nt - n1 * fixed) / n2;
    return each > 0 ? { each, fixed } : { each: 0, fixed: t / weight };
  }

  return {
    /** Milliseconds that `items` cost in `batches`, one after the other; 0 before the first was served. */
    expected: (items: number, batches: number) =>
      fit ? fit.each * items + fit.fixed * batches : 0,

    served(items: number, ms: number): void {
      const most = fit
        ? OUTLIER * Math.max(1, fit.each * items + fit.fixed)
        : Number.POSITIVE_INFINITY;
      const took = Math.min(ms, most);
      const weight = fit ? SMOOTHING : 1;
      const add = (mean: number, value: number) => mean + weight * (value - mean);
      n1 = add(n1, items);
      n2 = add(n2, items * items);
      t = add(t, took);
      nt = add(nt, items * took);
      fit = solve();
    },
  };
}
