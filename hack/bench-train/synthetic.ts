import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import sharp from 'sharp';
import { concurrently } from '../../trainer/concurrently.ts';
import { createRandom } from '../../trainer/fit/random.ts';

const require = createRequire(import.meta.url);

/** As the Rakuten challenge has it: 27 classes, the largest thirteen times the smallest, mostly French. */
const classCount = 27;
const languages: [name: string, share: number][] = [
  ['fr', 0.6],
  ['en', 0.2],
  ['de', 0.12],
  ['it', 0.08],
];
const withoutDescription = 0.35;
const typicalDescription = 800;
/** Products whose text is that of the product before, as variants of one article have it. */
const variants = 0.03;
const classWords = 60;
const pictureSize = 64;
const picturesPerClass = 12;
const writes = 32;

type Random = () => number;

/**
 * A catalogue of any size in the layout of the Rakuten challenge, below `folder`: for what must be seen at 85,000 products.
 * Texts have the lengths of the challenge's and words that belong to their class; pictures are small, unlike each other by
 * their bytes, and show their class's colours. The same for the same `count` and `seed`; smaller ones are the beginnings of larger ones.
 */
export async function writeSyntheticCatalogue(
  folder: string,
  {
    count,
    seed = 1,
    onProgress,
  }: { count: number; seed?: number; onProgress?(done: number): void },
): Promise<void> {
  const images = join(folder, 'images', 'image_train');
  await mkdir(images, { recursive: true });
  const pictures = await drawPictures(seed);
  const products = createWriteStream(join(folder, 'X_train.csv'));
  const labels = createWriteStream(join(folder, 'Y_train.csv'));
  products.write(',designation,description,productid,imageid\n');
  labels.write(',prdtypecode\n');
  let done = 0;
  await concurrently(synthesise(count, seed), writes, async (product) => {
    const { index, class: label, designation, description, picture } = product;
    const [productId, imageId] = [1_000_000 + index, 2_000_000 + index];
    // Before anything is awaited: both tables have their rows in order.
    products.write(`${index},"${designation}","${description}",${productId},${imageId}\n`);
    labels.write(`${index},${1000 + label * 10}\n`);
    const bytes = numbered(pictures[label]?.[picture] as Buffer, index);
    await writeFile(join(images, `image_${imageId}_product_${productId}.jpg`), bytes);
    onProgress?.(++done);
  });
  for (const stream of [products, labels]) await finished(stream.end());
}

function* synthesise(count: number, seed: number) {
  const random = createRandom(seed);
  const books = new Map(languages.map(([name]) => [name, readWords(name)]));
  let last = '';
  for (let index = 0; index < count; index++) {
    const label = drawClass(random);
    const words = books.get(drawLanguage(random)) as string[];
    const own = (length: number) => text(random, words, label, length);
    const said = `${own(60 + random() * 60)} ${index}`;
    const designation = random() < variants && last ? last : said;
    const silent = designation === last || random() < withoutDescription;
    // Log-normal: most are a paragraph, some are pages.
    const length = typicalDescription * Math.exp(normal(random) * 0.7 - 0.245);
    const description = silent ? '' : `<p>${own(length)}</p>`;
    last = designation;
    const picture = Math.floor(random() * picturesPerClass);
    yield { index, class: label, designation, description, picture };
  }
}

/** Shares fall evenly from the largest class to the smallest. */
function drawClass(random: Random): number {
  const smallest = 1 / 13;
  for (;;) {
    const label = Math.floor(random() * classCount);
    if (random() < smallest ** (label / (classCount - 1))) return label;
  }
}

function drawLanguage(random: Random): string {
  let rest = random();
  for (const [name, share] of languages) {
    if (rest < share) return name;
    rest -= share;
  }
  return 'fr';
}

/** A third of the words belong to the class. */
function text(random: Random, words: string[], label: number, length: number): string {
  let written = '';
  while (written.length < length) {
    const at =
      random() < 1 / 3 ? label * classWords + random() * classWords : random() * words.length;
    written += `${written && ' '}${words[Math.floor(at) % words.length]}`;
  }
  return written;
}

function readWords(language: string): string[] {
  const entries: { label: string; tags?: string[] }[] = require(
    `emojibase-data/${language}/data.json`,
  );
  const all = entries.flatMap(({ label, tags = [] }) => [label, ...tags]);
  return [...new Set(all.flatMap((each) => each.split(/[^\p{L}'’-]+/u)).filter(Boolean))];
}

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

async function drawPictures(seed: number): Promise<Buffer[][]> {
  const random = createRandom(seed + 1);
  const draw = (label: number) => {
    const hue = (label / classCount) * 360;
    const spots = Array.from({ length: 8 }, () => {
      const [x, y, r] = [random() * pictureSize, random() * pictureSize, 3 + random() * 12];
      return `<circle cx="${x}" cy="${y}" r="${r}" fill="hsl(${hue + random() * 60},70%,${30 + random() * 40}%)"/>`;
    });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${pictureSize}" height="${pictureSize}"><rect width="100%" height="100%" fill="white"/>${spots.join('')}</svg>`;
    return sharp(Buffer.from(svg)).jpeg({ quality: 85 }).toBuffer();
  };
  return Promise.all(
    Array.from({ length: classCount }, (_, label) =>
      Promise.all(Array.from({ length: picturesPerClass }, () => draw(label))),
    ),
  );
}

/** The JPEG with a comment: other bytes, the same picture. */
function numbered(jpeg: Buffer, index: number): Buffer {
  const comment = Buffer.from(`product ${index}`);
  const head = Buffer.from([0xff, 0xfe, 0, comment.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, comment, jpeg.subarray(2)]);
}
