import type { Settings } from '../train/architecture.ts';
import type { Choices } from '../train/hyperparameters.ts';

/** Widths of the network; part of a manifest like what a person chose. */
export interface LstmCnnSettings extends Settings {
  /** Buckets that words are hashed into. */
  readonly buckets: number;
  /** Numbers a word is turned into. */
  readonly embedding: number;
  /** What the LSTM holds. */
  readonly units: number;
  /** Width of the layer that reads text and picture together. */
  readonly joint: number;
  /** Share of what text and picture say that a step leaves out, drawn anew for each product. */
  readonly dropout: number;
  /** Share of the words that a step leaves out: without it few products are known by heart, and text drowns the picture. */
  readonly wordDropout: number;
}

/** Channels of the convolutions, each of 3 × 3 and stride 2. */
export const channels = [32, 64, 128, 128] as const;

/** Longer texts are cut: 100 words are more than nearly every product has. */
export const longestSequence = 100;

/** Adam's usual rate; smaller batches and more epochs below 2,000 products, so that there are steps enough to learn. */
export function settings(choices: Choices, products: number): LstmCnnSettings {
  const small = products < 2000;
  return {
    epochs: choices.epochs ?? (small ? 25 : 12),
    batchSize: choices.batchSize ?? (small ? 32 : 64),
    learningRate: choices.learningRate ?? 0.002,
    seed: choices.seed ?? 0,
    imageSize: choices.imageSize ?? 64,
    buckets: 16_384,
    embedding: 64,
    units: 128,
    joint: 128,
    dropout: 0.4,
    wordDropout: 0.3,
  };
}
