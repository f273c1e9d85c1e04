/**
 * Pages for people: one HTML file each, with its style and pictures inside, without scripts, and plots in it as SVG. Whatever
 * text gets into one is escaped: Markup is made by `markup` and by the functions here, and by nothing else.
 */
export * from './bars.ts';
export * from './columns.ts';
export * from './gallery.ts';
export * from './heat-map.ts';
export * from './interval.ts';
export * from './language-name.ts';
export * from './lines.ts';
export { type Content, type Markup, markup } from './markup.ts';
export * from './page.ts';
export * from './table.ts';
export * from './tiles.ts';
