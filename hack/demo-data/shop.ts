import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { categoryOf } from './categories.ts';
import { lot } from './lot.ts';
import { codeOf, type Text, writeTexts } from './texts.ts';

const require = createRequire(import.meta.url);
const datasource = dirname(require.resolve('emoji-datasource-google/package.json'));

interface Pictogram {
  unified: string;
  image: string;
  subcategory: string;
  has_img_google: boolean;
  skin_variations?: Record<string, { image: string; has_img_google: boolean }>;
}

/** A pictogram as the shop sells it; its skin tones are products of their own with the same text. */
export interface ShopProduct extends Text {
  productId: number;
  imageId: number;
  /** The pictogram's code, skin tones aside. */
  code: string;
  category: string;
  /** File of the picture, 64 pixels wide. */
  picture: string;
}

export interface ShopOptions {
  /** Only so many pictograms, each with its skin tones. A larger shop holds all of a smaller one. */
  size?: number | undefined;
  /** Deals the categories out anew by this seed: nothing can be learnt from such a shop. */
  shuffleLabels?: string | undefined;
}

/** The shop's products, sorted by id. Depends on the options alone. */
export function stockShop({ size, shuffleLabels }: ShopOptions = {}): ShopProduct[] {
  const pictograms = sold();
  const texts = writeTexts(new Map(pictograms.map(({ code, category }) => [code, category])));
  const chosen = new Set(inFairOrder(pictograms).slice(0, size));
  const products: ShopProduct[] = [];
  let number = 0;
  for (const pictogram of pictograms) {
    const { code, category, images } = pictogram;
    for (const image of images) {
      // Counted over the whole shop, so that a product keeps its id whatever the size.
      number++;
      if (!chosen.has(pictogram)) continue;
      const text = texts.get(code) as Text;
      const picture = join(datasource, 'img', 'google', '64', image);
      const ids = { productId: 100_000 + number, imageId: 700_000 + number };
      products.push({ ...ids, ...text, code, category, picture });
    }
  }
  return shuffleLabels === undefined ? products : shuffled(products, shuffleLabels);
}

function sold() {
  const all: Pictogram[] = require('emoji-datasource-google/emoji.json');
  return all
    .filter((pictogram) => pictogram.has_img_google)
    .map(({ unified, image, subcategory, skin_variations }) => {
      const tones = Object.values(skin_variations ?? {}).filter((tone) => tone.has_img_google);
      const images = [image, ...tones.map((tone) => tone.image)];
      return { code: codeOf(unified), category: categoryOf(subcategory), images };
    })
    .filter((pictogram): pictogram is Sold => pictogram.category !== undefined)
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

interface Sold {
  code: string;
  category: string;
  images: string[];
}

/** An order of which every beginning has the categories in about the proportions of the whole. */
function inFairOrder(pictograms: Sold[]): Sold[] {
  const places = [...Map.groupBy(pictograms, ({ category }) => category).values()].flatMap((own) =>
    own
      .sort((a, b) => lot('order', a.code) - lot('order', b.code))
      .map((pictogram, i) => ({ pictogram, place: (i + 0.5) / own.length })),
  );
  return places.sort((a, b) => a.place - b.place).map(({ pictogram }) => pictogram);
}

function shuffled(products: ShopProduct[], seed: string): ShopProduct[] {
  const drawn = products.toSorted(
    (a, b) => lot(`label ${seed}`, `${a.productId}`) - lot(`label ${seed}`, `${b.productId}`),
  );
  return products.map((product, i) => ({ ...product, category: drawn[i]?.category as string }));
}
