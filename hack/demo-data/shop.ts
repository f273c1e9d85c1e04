import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { categoryOf } from './categories.ts';
import { inFairOrder, withShuffledLabels } from './choice.ts';
import type { DemoProduct, SetOptions } from './product.ts';
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
export interface ShopProduct extends DemoProduct {
  /** File of the picture, 64 pixels wide. */
  picture: string;
}

/** The shop's products, sorted by id. Depends on the options alone. */
export function stockShop({ size, shuffleLabels }: SetOptions = {}): ShopProduct[] {
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
  return shuffleLabels === undefined ? products : withShuffledLabels(products, shuffleLabels);
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
