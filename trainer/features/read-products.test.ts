import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePicture, type Sample, StepError } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { createExtractor } from '../backbone/network.ts';
import { tinyBackbone } from '../conv-fusion/tiny-model.fixture.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { testSamples } from '../train/dataset.fixture.ts';
import type { PictureStage } from './pictures.ts';
import { readProducts } from './read-products.ts';

const tf = loadTensorFlow('cpu');
const size = 32;
const backbone = tinyBackbone();
const features = { kind: 'features', size, backbone } as const;

describe('one pass over the products', () => {
  let folder: string;
  let runs = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'read-products-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function read<S extends PictureStage>(
    stage: S,
    samples: Sample[],
    {
      workers = 2,
      signal = new AbortController().signal,
      onProgress = (_: number): void => undefined,
    } = {},
  ) {
    const scratchDir = join(folder, `${runs++}`);
    await mkdir(scratchDir);
    const options = { stage, classes: ['cups', 'shoes', 'toys'], scratchDir, signal, workers };
    async function* each() {
      yield* samples;
    }
    return readProducts(each(), { ...options, onProgress });
  }

  /** Pictures with a left and a right side. */
  async function sided(count: number): Promise<Sample[]> {
    const samples = await testSamples(count);
    return Promise.all(
      samples.map(async (sample, i) => {
        if (!sample.picture) return sample;
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="${5 + i}" height="40" fill="red"/></svg>`;
        return { ...sample, picture: await sharp(Buffer.from(svg)).png().toBuffer() };
      }),
    );
  }

  it('leaves the features of picture and mirror image that TensorFlow computes too', async () => {
    const samples = await sided(9);
    const { pictures, hasPicture } = await read(features, samples);
    expect([...hasPicture]).to.deep.equal([0, 1, 1, 1, 1, 1, 1, 0, 1]);
    const extractor = createExtractor(tf, backbone);
    const row = new Float32Array(pictures.width);
    for (const [index, { picture }] of samples.entries()) {
      for (const mirrored of [false, true]) {
        pictures.read(index, row, mirrored);
        if (!picture) {
          expect(row.every((value) => value === 0)).to.equal(true);
          continue;
        }
        const pixels = await decodePicture(picture, size);
        const expected = tf.tidy(() => {
          const image = tf.tensor4d(Int32Array.from(pixels), [1, size, size, 3], 'int32');
          const seen = mirrored ? tf.reverse(image, 2) : image;
          return extractor.extract(seen).dataSync<'float32'>();
        });
        // Half precision keeps eleven bits.
        expected.forEach((value, i) => {
          expect(row[i]).to.be.closeTo(value, 1e-4 + Math.abs(value) / 1024);
        });
      }
    }
    extractor.dispose();
    pictures.close();
  });

  it('leaves the pixels themselves, where that is wanted', async () => {
    const samples = await sided(4);
    const { pictures } = await read({ kind: 'pixels', size }, samples);
    const pixels = new Uint8Array(size * size * 3).fill(7);
    for (const [index, { picture }] of samples.entries()) {
      pictures.read(index, pixels);
      const expected = picture ? await decodePicture(picture, size) : pixels.map(() => 0);
      expect(pixels).to.deep.equal(Uint8Array.from(expected));
    }
    pictures.close();
  });

  it('gives the same to the last bit, whatever the number of workers', async () => {
    const samples = await sided(20);
    const [one, three] = [
      await read(features, samples, { workers: 1 }),
      await read(features, samples, { workers: 3 }),
    ];
    const rows = [new Float32Array(one.pictures.width), new Float32Array(one.pictures.width)];
    const [a, b] = rows as [Float32Array, Float32Array];
    for (let index = 0; index < samples.length; index += 1) {
      one.pictures.read(index, a, true);
      three.pictures.read(index, b, true);
      expect(a).to.deep.equal(b);
    }
    expect(one.labels).to.deep.equal(three.labels);
    one.pictures.close();
    three.pictures.close();
  });

  const wrong: [string, Partial<Sample>, string][] = [
    ['whose picture is cut', { picture: Buffer.from('\x89PNG\r\n\x1a\n…', 'latin1') }, 'picture'],
    ['of a class that nobody listed', { class: 'hats' }, '"hats"'],
  ];
  for (const [what, change, part] of wrong)
    it(`names the product ${what}`, async () => {
      const samples = await testSamples(30);
      Object.assign(samples[17] as Sample, change);
      const error = await read(features, samples).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadData');
      expect((error as Error).message)
        .to.contain('product-17')
        .and.to.contain(part);
    });

  it('stops when it is told to, without taking the rest of the products', async () => {
    const stop = new AbortController();
    const reason = new StepError('Interrupted', 'stopped');
    let seen = 0;
    const error = await read(features, await testSamples(200), {
      signal: stop.signal,
      onProgress: () => {
        seen += 1;
        if (seen === 5) stop.abort(reason);
      },
    }).catch((e: unknown) => e);
    expect(error).to.equal(reason);
    expect(seen).to.equal(5);
    expect(await readdir(folder)).to.not.be.empty;
  });
});
