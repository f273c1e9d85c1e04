import { createRandom } from '../fit/random.ts';
import type { Layer, SentenceEncoder } from './encoder.ts';

/** For tests: an encoder of a few pieces with random weights, its spans those of the real one. */
export function tinyEncoder(): SentenceEncoder {
  const random = createRandom(5);
  const numbers = (length: number, scale: number) =>
    Float32Array.from({ length }, () => (random() * 2 - 1) * scale);
  const layer = (inputs: number, outputs: number, biased: boolean): Layer => ({
    inputs,
    outputs,
    kernel: numbers(inputs * outputs, Math.sqrt(3 / inputs)),
    bias: biased ? numbers(outputs, 0.3) : undefined,
  });
  const norm = (width: number) => ({
    gain: numbers(width, 0.5).map((value) => value + 1),
    bias: numbers(width, 0.3),
  });
  const pieces = ['<unk>', '<s>', '</s>', '▁', '▁cup', '▁shoe', '▁re', 'd', 'of', 'e', 'a', 'one'];
  const [width, channels, vector] = [6, 4, 5];
  const spans = [2, 3, 5];
  const beside = width + spans.length * channels;
  return {
    name: 'tiny',
    vocabulary: { pieces, scores: pieces.map((piece) => -1 - piece.length / 9) },
    width,
    table: Uint8Array.from({ length: pieces.length * width }, () => random() * 64),
    scales: numbers(pieces.length, 0.02).map((value) => 0.05 + value),
    lows: numbers(pieces.length, 0.5).map((value) => value - 1.5),
    projection: layer(width, spans.length * channels, true),
    projected: norm(spans.length * channels),
    branches: spans.map((span) => ({
      span,
      convolutions: [
        layer(span * channels, channels, true),
        layer(span * channels, channels, true),
      ],
    })),
    norm: norm(beside),
    sum: layer(beside, vector, true),
    dense: {
      d0: layer(vector, 3, false),
      p1: layer(vector, 3, false),
      d1: layer(3, 3, false),
      d2: layer(3, vector, false),
      p3: layer(3, vector, false),
      d3: layer(vector, vector, false),
    },
  };
}
