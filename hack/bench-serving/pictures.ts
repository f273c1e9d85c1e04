import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { stockShop } from '../demo-data/shop.ts';

/** As Rakuten's products have them: 500 × 500, some 38 KB. */
const [side, bytes] = [500, 38_000];

/**
 * Different JPEGs of one size on disk: a pictogram before a background with detail at every scale, as a photograph has it,
 * in the quality at which it comes to that many bytes.
 */
export async function benchPictures(count: number): Promise<Buffer[]> {
  const products = stockShop();
  const step = Math.floor(products.length / count);
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const product = products[i * step];
      if (!product) throw new Error(`There are no ${count} pictograms.`);
      const edge = 220 + ((i * 53) % 220);
      const pictogram = await sharp(await readFile(product.picture))
        .resize(edge, edge)
        .toBuffer();
      const scene = await sharp(background(i), { raw: { width: side, height: side, channels: 3 } })
        .composite([{ input: pictogram }])
        .raw()
        .toBuffer();
      return ofSize(scene);
    }),
  );
}

/** The best quality of which the file does not become larger. */
async function ofSize(pixels: Buffer): Promise<Buffer> {
  let [low, high] = [10, 100];
  let best: Buffer | undefined;
  while (low <= high) {
    const quality = (low + high) >> 1;
    const file = await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
      .jpeg({ quality })
      .toBuffer();
    if (file.length <= bytes) {
      best = file;
      low = quality + 1;
    } else high = quality - 1;
  }
  if (!best) throw new Error(`A picture of ${side} × ${side} does not fit into ${bytes} bytes.`);
  return best;
}

/** Waves of many lengths and directions in three colours. */
function background(seed: number): Buffer {
  const pixels = Buffer.alloc(side * side * 3);
  const waves = Array.from({ length: 18 }, (_, w) => {
    const angle = (seed * 1.7 + w * 2.39996) % (2 * Math.PI);
    const length = 250 / 1.32 ** w;
    return {
      x: (Math.cos(angle) * 2 * Math.PI) / length,
      y: (Math.sin(angle) * 2 * Math.PI) / length,
      height: 26 / 1.17 ** w,
      tint: [(w + seed) % 3, w % 2],
    };
  });
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const colour = [150 + ((seed * 31) % 70), 140 + ((seed * 17) % 80), 120 + ((seed * 7) % 90)];
      for (const wave of waves) {
        const value = wave.height * Math.sin(wave.x * x + wave.y * y);
        for (let c = 0; c < 3; c++)
          (colour[c] as number) += c === wave.tint[0] ? value * 0.5 : value;
      }
      const at = (y * side + x) * 3;
      for (let c = 0; c < 3; c++)
        pixels[at + c] = Math.max(0, Math.min(255, Math.round(colour[c] as number)));
    }
  }
  return pixels;
}
