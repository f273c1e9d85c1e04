import { type Content, type Markup, markup } from './markup.ts';

export interface Column {
  title: string;
  /** Figures stand at the right, so that their digits are below each other. */
  number?: boolean;
}

export interface Table {
  caption?: Content;
  columns: readonly Column[];
  /** One cell for each column; the first names the row. */
  rows: readonly (readonly Content[])[];
}

/** A table; on a narrow screen it scrolls by itself and not the page. */
export function table({ caption, columns, rows }: Table): Markup {
  const attribute = (column: Column | undefined) =>
    column?.number ? markup` class="number"` : null;
  const cell = (content: Content, i: number) =>
    i === 0
      ? markup`<th scope="row"${attribute(columns[i])}>${content}</th>`
      : markup`<td${attribute(columns[i])}>${content}</td>`;
  return markup`<div class="scroll"><table>
${caption === undefined ? null : markup`<caption>${caption}</caption>`}
<thead><tr>${columns.map((column) => markup`<th scope="col"${attribute(column)}>${column.title}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => markup`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>
`;
}
