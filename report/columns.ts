import { type Markup, markup } from './markup.ts';
import { hundredths, scale } from './scale.ts';

export interface Columns {
  /** What the plot shows, for who does not see it. */
  description: string;
  x: string;
  y: string;
  /** Bins of equal width that cover 0 to 1: how high each is, from 0 to 1; null for an empty one. */
  heights: readonly (number | null)[];
  /** Said of a column when the pointer rests on it. */
  titles?: readonly string[];
}

const size = 340;
const left = 44;
const bottom = 44;
const top = 24;
const right = 10;

/** Columns over equal bins from 0 to 1 beside the diagonal on which they would all end: a reliability diagram. */
export function columns({ description, x, y, heights, titles }: Columns): Markup {
  const across = scale(0, 1, [left, size - right]);
  const up = scale(0, 1, [size - bottom, top]);
  const bin = (size - right - left) / Math.max(1, heights.length);
  return markup`<figure class="scroll"><svg class="plot columns" viewBox="0 0 ${size} ${size}" role="img" aria-label="${description}">
${up.ticks.map(
  (
    tick,
  ) => markup`<line class="grid" x1="${left}" x2="${size - right}" y1="${up.at(tick)}" y2="${up.at(tick)}"/><text x="${left - 6}" y="${up.at(tick) + 4}" text-anchor="end">${tick}</text><text x="${across.at(tick)}" y="${size - bottom + 18}" text-anchor="middle">${tick}</text>
`,
)}${heights.map((height, i) =>
  height === null
    ? null
    : markup`<rect class="fill-0" x="${hundredths(left + i * bin + 1)}" y="${up.at(height)}" width="${hundredths(bin - 2)}" height="${hundredths(size - bottom - up.at(height))}"><title>${titles?.[i]}</title></rect>
`,
)}<line class="path stroke-1 dashed" x1="${across.at(0)}" y1="${up.at(0)}" x2="${across.at(1)}" y2="${up.at(1)}"/>
<line class="axis" x1="${left}" x2="${size - right}" y1="${size - bottom}" y2="${size - bottom}"/>
<text x="4" y="14" text-anchor="start">${y}</text>
<text x="${size - right}" y="${size - 8}" text-anchor="end">${x}</text>
</svg></figure>
`;
}
