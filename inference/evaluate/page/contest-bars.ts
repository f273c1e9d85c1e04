import { type Bar, bars, type Content } from '@shelfwise/report';

/** Shares of products, candidate's and champion's below each other; without a champion the first alone, as `measure`. */
export function contestBars(
  { label, measure, contested }: { label: string; measure: string; contested: boolean },
  rows: readonly Bar[],
): Content {
  return bars({
    label,
    note: 'products',
    series: contested ? ['candidate', 'champion'] : [measure],
    maximum: 1,
    rows: contested ? rows : rows.map((row) => ({ ...row, values: row.values.slice(0, 1) })),
    show: (value) => value.toFixed(3),
  });
}
