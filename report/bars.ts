import { type Content, type Markup, markup } from './markup.ts';
import { hundredths } from './scale.ts';

export interface Bar {
  label: string;
  /** One for each series, from 0 to the scale's end; null where there is none. */
  values: readonly (number | null)[];
  /** Beside the figure, such as the number of products it is of. */
  note?: Content;
}

export interface Bars {
  /** What a row is, and what its note is. */
  label: string;
  note?: string;
  /** Names of the series; with one alone no legend is drawn. */
  series: readonly string[];
  /** Where a bar is full. The largest value if there is none given. */
  maximum?: number;
  rows: readonly Bar[];
  /** How a value is written; as it is if not said. */
  show?: (value: number) => string;
}

const thickness = 10;

/**
 * Horizontal bars as a table: names and figures are text of the page, as large on a phone as anywhere, and only the bars
 * are drawn. A row has one bar for each series.
 */
export function bars({ label, note, series, maximum, rows, show = String }: Bars): Markup {
  const values = rows.flatMap((row) => row.values.filter((value) => value !== null));
  const end = maximum ?? values.reduce((most, value) => Math.max(most, value), 0);
  const noted = note !== undefined;
  return markup`${series.length > 1 ? legend(series) : null}<table class="bars">
<thead><tr><th scope="col">${label}</th><th scope="col"></th><th scope="col" class="number">${series.length > 1 ? '' : series[0]}</th>${
    noted ? markup`<th scope="col" class="number note">${note}</th>` : null
  }</tr></thead>
<tbody>
${rows.map(
  (row) => markup`<tr><th scope="row">${row.label}</th><td>${drawn(row.values, end)}</td>
<td class="number">${row.values.map((value, i) => [i > 0 ? markup`<br>` : null, value === null ? '–' : show(value)])}</td>${
    noted ? markup`<td class="number note">${row.note}</td>` : null
  }</tr>
`,
)}</tbody>
</table>
`;
}

/** Names of series beside their colours. */
function legend(names: readonly string[]): Markup {
  return markup`<ul class="legend">${names.map(
    (name, i) =>
      markup`<li><svg viewBox="0 0 16 10" aria-hidden="true"><rect class="fill-${i % 4}" width="16" height="10" rx="2"/></svg>${name}</li>`,
  )}</ul>
`;
}

function drawn(values: readonly (number | null)[], end: number): Markup {
  const height = values.length * (thickness + 3);
  return markup`<svg viewBox="0 0 100 ${height}" height="${height}" preserveAspectRatio="none" aria-hidden="true">${values.map(
    (value, i) => {
      const y = i * (thickness + 3) + 1;
      const share = end > 0 && value !== null ? Math.min(1, Math.max(0, value / end)) : 0;
      return [
        markup`<rect class="track" y="${y}" width="100" height="${thickness}"/>`,
        markup`<rect class="fill-${i % 4}" y="${y}" width="${hundredths(share * 100)}" height="${thickness}"/>`,
      ];
    },
  )}</svg>`;
}
