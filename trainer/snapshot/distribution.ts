import type { Distribution } from '@shelfwise/trainer-contract';

/** How values of zero or more are spread: quantiles, and bins that double in width. Null where there are none. */
export function distribution(values: Iterable<number>): Distribution {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return null;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  return {
    minimum: at(0),
    p05: at(0.05),
    p25: at(0.25),
    median: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    maximum: at(1),
    mean: Math.round((sorted.reduce((sum, value) => sum + value, 0) / sorted.length) * 10) / 10,
    bins: bins(sorted),
  };
}

/** From the first to the last that holds anything: 0, 1, 2 to 3, 4 to 7, 8 to 15 … */
function bins(sorted: Float64Array) {
  const binOf = (value: number) => (value < 1 ? 0 : Math.floor(Math.log2(value)) + 1);
  const first = binOf(sorted[0] as number);
  const counts: number[] = [];
  for (const value of sorted) {
    const bin = binOf(value) - first;
    while (counts.length <= bin) counts.push(0);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts.map((products, i) => {
    const bin = i + first;
    return { from: bin === 0 ? 0 : 2 ** (bin - 1), to: bin === 0 ? 0 : 2 ** bin - 1, products };
  });
}
