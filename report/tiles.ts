import { type Content, type Markup, markup } from './markup.ts';

export interface Tile {
  label: string;
  value: Content;
  /** A line below the figure: what it is to be compared with. */
  note?: Content;
  /** Whether the note is good or bad news. */
  mood?: 'good' | 'bad' | undefined;
}

/** The few figures that matter most, large, side by side. */
export function tiles(each: readonly Tile[]): Markup {
  return markup`<div class="tiles">${each.map(
    ({ label, value, note, mood }) =>
      markup`<div class="tile"><span>${label}</span><b>${value}</b><span${mood && markup` class="${mood}"`}>${note}</span></div>`,
  )}</div>
`;
}
