import { type Markup, markup } from './markup.ts';
import { hundredths } from './scale.ts';

export interface HeatMap {
  /** What the plot shows, for who does not see it. */
  description: string;
  /** What rows and columns are. */
  rows: string;
  columns: string;
  /** Both of rows and of columns. */
  names: readonly string[];
  /** `values[i][j]` of row i, column j. */
  values: readonly (readonly number[])[];
}

const cell = 24;
const longest = 24;
const character = 7;

/**
 * A square table of counts as colours: each cell by its share of its row, so that small classes are seen, too; what is off
 * the diagonal has a colour of its own. Scrolls by itself when the screen is narrower.
 */
export function heatMap({ description, rows, columns, names, values }: HeatMap): Markup {
  const short = names.map(shortened);
  const margin = Math.ceil(Math.max(0, ...short.map((name) => name.length)) * character) + 12;
  const head = Math.ceil(margin * 0.8) + 20;
  const side = names.length * cell;
  const [width, height] = [margin + side + Math.ceil(margin * 0.6), head + side + 4];
  return markup`<figure class="scroll"><svg class="map" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${description}">
<text x="0" y="12">↓ ${rows}  → ${columns}</text>
${short.map(
  (
    name,
    i,
  ) => markup`<text class="ink" x="${margin - 6}" y="${head + i * cell + 16}" text-anchor="end">${name}<title>${names[i]}</title></text><text class="ink" transform="translate(${margin + i * cell + 15} ${head - 5}) rotate(-55)">${name}<title>${names[i]}</title></text>
`,
)}${values.map((row, i) => {
  const total = row.reduce((sum, value) => sum + value, 0);
  return row.map((value, j) =>
    value === 0
      ? null
      : drawn({
          value,
          share: value / total,
          x: margin + j * cell,
          y: head + i * cell,
          off: i !== j,
          title: `${names[i]} → ${names[j]}: ${value} of ${total}`,
        }),
  );
})}<rect class="frame" x="${margin}" y="${head}" width="${side}" height="${side}"/>
</svg></figure>
`;
}

function drawn(at: {
  value: number;
  share: number;
  x: number;
  y: number;
  off: boolean;
  title: string;
}): Markup {
  // The square root: one confusion in twenty is to be seen, and is still paler than one in two.
  const opacity = hundredths(Math.sqrt(at.share));
  return markup`<rect class="cell${at.off ? ' off' : ''}" x="${at.x}" y="${at.y}" width="${cell}" height="${cell}" fill-opacity="${opacity}"><title>${at.title}</title></rect><text class="${opacity > 0.6 ? 'over' : 'ink'}" x="${at.x + cell / 2}" y="${at.y + 16}" text-anchor="middle" pointer-events="none">${at.value < 1000 ? at.value : '≥1k'}</text>
`;
}

/** As much of a name as stands beside a plot. */
function shortened(name: string): string {
  const characters = [...name];
  return characters.length <= longest ? name : `${characters.slice(0, longest - 1).join('')}…`;
}
