import { type Content, type Markup, markup } from './markup.ts';

/** A picture as the bytes of its file. Only types that hold no markup: SVG is none of them. */
export interface Picture {
  type: 'image/jpeg' | 'image/png' | 'image/webp';
  bytes: Uint8Array;
}

export interface Exhibit {
  /** null: there is none to show. */
  picture: Picture | null;
  /** Said of the picture to who does not see it. */
  alternative: string;
  /** Lines below the picture. */
  lines: readonly Content[];
}

const types = new Set(['image/jpeg', 'image/png', 'image/webp']);

/** Pictures with words below them, as many beside each other as the screen has room for. */
export function gallery(exhibits: readonly Exhibit[]): Markup {
  return markup`<div class="gallery">
${exhibits.map(
  ({ picture, alternative, lines }) => markup`<figure>${
    picture
      ? markup`<img src="${dataUri(picture)}" alt="${alternative}" loading="lazy">`
      : markup`<div class="none">no picture</div>`
  }<figcaption>${lines.map((line) => markup`<div dir="auto">${line}</div>`)}</figcaption></figure>
`,
)}</div>
`;
}

function dataUri({ type, bytes }: Picture): string {
  if (!types.has(type)) throw new TypeError(`${type} is no type of picture that a page may hold.`);
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}
