import { createRequire } from 'node:module';
import sharp from 'sharp';
import { inFairOrder, withShuffledLabels } from './choice.ts';
import type { DemoProduct, SetOptions } from './product.ts';
import type { Text } from './texts.ts';

const require = createRequire(import.meta.url);

/** The collection as Iconify packs it. */
interface Collection {
  /** SVG without its root element, drawn on a square of `width` units. */
  icons: Record<string, { body: string }>;
  aliases: Record<string, { parent: string }>;
  width: number;
}

export interface IconProduct extends DemoProduct {
  svg: string;
}

export interface IconOptions extends SetOptions {
  /** Leaves out the words that more than half of a category bears: with `file` or `database` in it a name says all. */
  unnamed?: boolean;
}

/** Fewer tell little of a model: a tenth is held out. */
const smallestCategory = 60;
/** A word of more than half of a category says the category itself, as a tag does among the pictograms. */
const tellingShare = 0.5;
/** Between the pictograms' 64 pixels and a shop's 500. */
const pixels = 128;

/**
 * The icons of Material Design that are of exactly one category, of those with 60 such icons or more, sorted by
 * id: names and aliases in English, black on white. Depends on the options alone.
 */
export function stockIcons({
  size,
  shuffleLabels,
  unnamed = false,
}: IconOptions = {}): IconProduct[] {
  const { icons, width } = collection();
  const sold = singleCategories();
  const texts = writeTexts(sold, unnamed);
  const chosen = new Set(inFairOrder(sold).slice(0, size));
  const products = sold.flatMap((each, index) => {
    // Counted over the whole set, so that a product keeps its id whatever the size.
    const ids = { productId: 500_000 + index, imageId: 900_000 + index };
    const body = icons[each.code]?.body;
    if (body === undefined) throw new Error(`The collection has no icon ${each.code}.`);
    const text = texts.get(each.code) as Text;
    return chosen.has(each) ? [{ ...ids, ...each, ...text, svg: drawing(body, width) }] : [];
  });
  return shuffleLabels === undefined ? products : withShuffledLabels(products, shuffleLabels);
}

/** The picture as a grey PNG. */
export function drawIcon({ svg }: IconProduct): Promise<Buffer> {
  return sharp(Buffer.from(svg))
    .flatten({ background: 'white' })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

function drawing(body: string, width: number): string {
  const box = `viewBox="0 0 ${width} ${width}" width="${pixels}" height="${pixels}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${body}</svg>`;
}

function collection(): Collection {
  return require('@iconify-json/mdi/icons.json');
}

function singleCategories(): { code: string; category: string }[] {
  const {
    categories,
  }: { categories: Record<string, string[]> } = require('@iconify-json/mdi/metadata.json');
  const ofIcon = Map.groupBy(
    Object.entries(categories).flatMap(([category, icons]) =>
      icons.map((code) => ({ code, category: named(category) })),
    ),
    ({ code }) => code,
  );
  const single = [...ofIcon.values()].flatMap((found) => (found.length === 1 ? found : []));
  const ofCategory = Map.groupBy(single, ({ category }) => category);
  return single
    .filter(({ category }) => (ofCategory.get(category)?.length ?? 0) >= smallestCategory)
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** `Alpha / Numeric` becomes `alpha-numeric`. */
function named(category: string): string {
  return category
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** Names and aliases by icon, each as words; an alias that says nothing but the category is left out. */
function writeTexts(
  icons: { code: string; category: string }[],
  unnamed: boolean,
): Map<string, Text> {
  const pairs = Object.entries(collection().aliases);
  const aliases = Map.groupBy(pairs, ([, { parent }]) => parent);
  const names = (code: string) => [code, ...(aliases.get(code) ?? []).map(([alias]) => alias)];
  const telling = new Map(
    [...Map.groupBy(icons, ({ category }) => category)].map(([category, own]) => [
      category,
      tellingWords(own.map(({ code }) => new Set(names(code).flatMap((name) => name.split('-'))))),
    ]),
  );
  return new Map(
    icons.map(({ code, category }) => {
      const [designation = '', ...others] = names(code).map((name) =>
        name
          .split('-')
          .filter((word) => !(unnamed && telling.get(category)?.has(word)))
          .join(' '),
      );
      const description = others.filter((text) => text !== '').join(', ');
      // `file` itself would have no name.
      return [
        code,
        { designation: designation || code.replaceAll('-', ' '), description: description || null },
      ];
    }),
  );
}

function tellingWords(ofIcons: Set<string>[]): Set<string> {
  const counts = Map.groupBy(
    ofIcons.flatMap((words) => [...words]),
    (word) => word,
  );
  const telling = [...counts].filter(([, found]) => found.length > ofIcons.length * tellingShare);
  return new Set(telling.map(([word]) => word));
}
