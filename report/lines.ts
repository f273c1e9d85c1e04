import { type Content, type Markup, markup } from './markup.ts';
import { scale } from './scale.ts';

export interface Line {
  name: string;
  /** Points that are not finite are left out. */
  points: readonly (readonly [x: number, y: number])[];
  dashed?: boolean;
}

export interface Lines {
  /** What the plot shows, for who does not see it. */
  description: string;
  x: { label: string };
  y: { label: string };
  lines: readonly Line[];
}

const width = 640;
const height = 300;
const left = 56;
const right = 12;
const top = 26;
const bottom = 44;

/** Lines over a common pair of axes, at most four colours, with a legend. */
export function lines({ description, x, y, lines: all }: Lines): Markup {
  const finite = all.map((line) => ({
    ...line,
    points: line.points.filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b)),
  }));
  const points = finite.flatMap((line) => line.points);
  if (points.length === 0) return markup`<p class="quiet">There is nothing to draw.</p>`;
  const across = scale(...extent(points.map(([a]) => a)), [left, width - right]);
  const up = scale(...extent(points.map(([, b]) => b)), [height - bottom, top]);
  return markup`<figure class="scroll"><svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${description}">
${up.ticks.map(
  (
    tick,
  ) => markup`<line class="grid" x1="${left}" x2="${width - right}" y1="${up.at(tick)}" y2="${up.at(tick)}"/><text x="${left - 6}" y="${up.at(tick) + 4}" text-anchor="end">${tick}</text>
`,
)}${across.ticks.map(
  (
    tick,
  ) => markup`<line class="axis" x1="${across.at(tick)}" x2="${across.at(tick)}" y1="${height - bottom}" y2="${height - bottom + 4}"/><text x="${across.at(tick)}" y="${height - bottom + 18}" text-anchor="middle">${tick}</text>
`,
)}<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>
<text x="${left - 6}" y="14" text-anchor="start">${y.label}</text>
<text x="${width - right}" y="${height - 8}" text-anchor="end">${x.label}</text>
${finite.map((line, i) => drawn(line, i, across.at, up.at))}</svg></figure>
${all.length > 1 ? legend(all) : null}`;
}

function drawn(
  { name, points, dashed }: Line,
  index: number,
  x: (value: number) => number,
  y: (value: number) => number,
): Content {
  const colour = index % 4;
  const path = points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ');
  // A dot for each point only while they can be told apart; a point alone has no line that would show it.
  const few = points.length <= (dashed ? 1 : 60);
  const dots = few ? points : [];
  return [
    markup`<polyline class="path stroke-${colour}${dashed ? ' dashed' : ''}" points="${path}"/>`,
    dots.map(
      ([a, b]) =>
        markup`<circle class="fill-${colour}" cx="${x(a)}" cy="${y(b)}" r="3"><title>${name}: ${a}, ${b}</title></circle>`,
    ),
    '\n',
  ];
}

function legend(all: readonly Line[]): Markup {
  return markup`<ul class="legend">${all.map(
    ({ name, dashed }, i) =>
      markup`<li><svg viewBox="0 0 16 10" aria-hidden="true"><line class="path stroke-${i % 4}${dashed ? ' dashed' : ''}" x2="16" y1="5" y2="5"/></svg>${name}</li>`,
  )}</ul>
`;
}

function extent(values: number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}
