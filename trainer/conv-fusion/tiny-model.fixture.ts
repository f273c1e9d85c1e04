import { type Backbone, type Convolution, featureWidths } from '../backbone/layers.ts';
import { createRandom } from '../fit/random.ts';
import { type SentenceEncoder, vectorWidth } from '../sentences/encoder.ts';
import type { TrainedModel } from './trained-model.ts';

/** For tests: a backbone of two blocks with random weights, its strides, paddings and taps those of the real one. */
export function tinyBackbone(): Backbone {
  const random = createRandom(1);
  const convolution = (
    name: string,
    shape: Pick<Convolution, 'depthwise' | 'kernel' | 'stride' | 'input' | 'output' | 'relu6'>,
  ): Convolution => {
    const inputs = shape.depthwise ? 1 : shape.input;
    const size = shape.output * inputs * shape.kernel ** 2;
    const scale = Math.sqrt(6 / (inputs * shape.kernel ** 2));
    return {
      name,
      ...shape,
      weights: Float32Array.from({ length: size }, () => (random() * 2 - 1) * scale),
      bias: Float32Array.from({ length: shape.output }, () => random() - 0.3),
    };
  };
  const block = (index: number, input: number, output: number, kernel: number, stride: number) => ({
    layers: [
      convolution(`${index}.expand`, {
        depthwise: false,
        kernel: 1,
        stride: 1,
        input,
        output: input * 2,
        relu6: true,
      }),
      convolution(`${index}.depthwise`, {
        depthwise: true,
        kernel,
        stride,
        input: input * 2,
        output: input * 2,
        relu6: true,
      }),
      convolution(`${index}.project`, {
        depthwise: false,
        kernel: 1,
        stride: 1,
        input: input * 2,
        output,
        relu6: false,
      }),
    ],
    residual: input === output && stride === 1,
    grids: [1, 4],
  });
  return {
    name: 'tiny',
    stem: convolution('stem', {
      depthwise: false,
      kernel: 3,
      stride: 2,
      input: 3,
      output: 8,
      relu6: true,
    }),
    blocks: [block(0, 8, 8, 3, 1), block(1, 8, 12, 5, 2)],
    head: convolution('head', {
      depthwise: false,
      kernel: 1,
      stride: 1,
      input: 12,
      output: 16,
      relu6: true,
    }),
  };
}

/** For tests: a model with random weights in every part. */
export function tinyModel(
  { classes, imageSize, buckets }: { classes: string[]; imageSize: number; buckets: number },
  backbone: Backbone = tinyBackbone(),
  encoder?: SentenceEncoder,
): TrainedModel {
  const random = createRandom(2);
  const numbers = (length: number, scale: number) =>
    Float32Array.from({ length }, () => (random() * 2 - 1) * scale);
  const widths = featureWidths(backbone);
  const features = widths.reduce((sum, width) => sum + width, 0);
  const width = 2 * classes.length;
  const embedding = numbers((2 * buckets + 1) * width, 1);
  embedding.fill(0, 2 * buckets * width);
  return {
    backbone,
    imageSize,
    classes,
    temperatures: { fused: 0.3, text: 0.5, picture: 0.7 },
    text: {
      buckets,
      maximumTokens: encoder ? 24 : 16,
      marks: 'stripped',
      designationShare: 0.5,
      wordNgrams: [1, 2],
      charNgrams: [2, 5],
      idf: numbers(2 * buckets, 1).map((value) => 2 + value),
      sentences: encoder && { ...encoder.vocabulary, length: 8 },
    },
    scale: {
      widths,
      length: 1.3,
      mean: numbers(features, 0.5),
      factor: numbers(features, 1).map((value) => 2 + value),
    },
    sentences: encoder && {
      encoder,
      scale: {
        widths: [vectorWidth(encoder)],
        length: 1.4,
        mean: numbers(vectorWidth(encoder), 0.2),
        factor: numbers(vectorWidth(encoder), 1).map((value) => 2 + value),
      },
    },
    head: {
      classes: classes.length,
      embedding,
      sentences: encoder && numbers(vectorWidth(encoder) * width, 1),
      kernel: numbers(features * width, 1),
      bias: numbers(3 * classes.length, 1),
    },
  };
}
