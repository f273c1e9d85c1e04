import { join } from 'node:path';
import { decodePicture } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { cacheDirectory } from '../native/cache.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { backboneOnnx } from '../onnx/backbone.ts';
import { InferenceSession, Tensor } from '../onnx/onnxruntime.fixture.ts';
import { cosine } from './cosine.fixture.ts';
import { type Backbone, buildBackbone, type Convolution, featureWidths } from './layers.ts';
import { createExtractor } from './network.ts';
import { type Integers, quantise } from './quantise.ts';
import { readWeights } from './weights.ts';

const tf = loadTensorFlow('cpu');
const size = 64;

describe('EfficientNet-Lite0 in bytes', () => {
  let float: Backbone;
  let bytes: Backbone;
  let pictures: Uint8Array[];
  before(async () => {
    float = buildBackbone(await readWeights(join(cacheDirectory(), 'backbone')));
    bytes = quantise(float);
    pictures = await Promise.all(drawings.map(draw));
  });

  it('never adds up more than 16 bits hold, where AVX2 adds up in 16 bits', () => {
    const layers = [...bytes.blocks.flatMap((block) => block.layers), bytes.head];
    const sums = layers.filter((layer) => !layer.depthwise).map(largestSum);
    expect(sums).to.have.length(32);
    expect(Math.max(...sums)).to.be.at.most(2 ** 15 - 1);
    // Else accuracy would be given away.
    expect(Math.min(...sums)).to.be.above(2 ** 13);
  });

  it('never adds up more than a float holds exactly', () => {
    for (const layer of bytes.blocks.flatMap((block) => block.layers).concat(bytes.head)) {
      const { weights, bias } = layer.integers as Integers;
      const perOutput = weights.length / layer.output;
      bias.forEach((start, channel) => {
        const mine = weights.subarray(channel * perOutput, (channel + 1) * perOutput);
        const most = mine.reduce((sum, weight) => sum + 255 * Math.abs(weight), Math.abs(start));
        expect(most, layer.name).to.be.below(2 ** 24);
      });
    }
  });

  it('has nearly the features of the float network', async () => {
    const [a, b] = [await features(float, pictures), await features(bytes, pictures)];
    let from = 0;
    for (const width of featureWidths(float)) {
      a.forEach((row, i) => {
        const block = (values: Float32Array = row) => values.subarray(from, from + width);
        expect(cosine(block(), block(b[i])), `picture ${i}, from ${from}`).to.be.above(0.95);
      });
      from += width;
    }
  });

  it("is the same network, exactly, in TensorFlow and without onnxruntime's integer operators", async () => {
    const extractor = createExtractor(tf, bytes);
    const seen = await features(bytes, pictures);
    const plain = await features(bytes, pictures, 'disabled');
    for (const [i, picture] of pictures.entries()) {
      expect(plain[i]).to.deep.equal(seen[i]);
      const expected = tf.tidy(() =>
        extractor
          .extract(tf.tensor4d(Int32Array.from(picture), [1, size, size, 3], 'int32'))
          .dataSync<'float32'>(),
      );
      // All but the last averages is exact; they are divided by another number of pixels or multiplied by its inverse.
      expected.forEach((value, j) => {
        expect(seen[i]?.[j]).to.be.closeTo(value, 1e-6 * Math.max(1, Math.abs(value)));
      });
    }
    extractor.dispose();
  });

  it('needs batch norms that tell how large activations get', () => {
    const { statistics: _, ...bare } = float.head;
    expect(() => quantise({ ...float, head: bare })).to.throw('layer conv_head has no batch norm');
  });
});

/** The largest sum of two products of a byte and a weight, as AVX2 pairs them. */
function largestSum({ integers }: Convolution): number {
  const weights = integers?.weights ?? new Int8Array();
  let largest = 0;
  for (let i = 0; i < weights.length; i += 2) {
    const [a = 0, b = 0] = weights.subarray(i, i + 2);
    largest = Math.max(largest, 255 * (Math.max(a, 0) + Math.max(b, 0)));
    largest = Math.max(largest, -255 * (Math.min(a, 0) + Math.min(b, 0)));
  }
  return largest;
}

async function features(
  backbone: Backbone,
  pictures: Uint8Array[],
  graphOptimizationLevel: 'all' | 'disabled' = 'all',
): Promise<Float32Array[]> {
  const session = await InferenceSession.create(backboneOnnx(backbone, size), {
    graphOptimizationLevel,
    logSeverityLevel: 3,
  });
  const rows: Float32Array[] = [];
  for (const picture of pictures) {
    const answer = await session.run({ image: new Tensor('uint8', picture, [1, size, size, 3]) });
    rows.push(answer.features?.data as Float32Array);
  }
  await session.release();
  return rows;
}

const drawings = [
  '<circle cx="30" cy="30" r="20" fill="red"/>',
  '<rect x="10" y="20" width="40" height="9" fill="#123456"/><circle cx="40" cy="40" r="9"/>',
  '<rect width="64" height="64" fill="#7a8b5c"/><path d="M5 60 L32 4 L60 60 Z" fill="gold"/>',
];

async function draw(inside: string): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="white"/>${inside}</svg>`;
  return decodePicture(await sharp(Buffer.from(svg)).png().toBuffer(), size);
}
