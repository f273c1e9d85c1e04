import type { Settings } from '../train/architecture.ts';
import type { Choices } from '../train/hyperparameters.ts';
import type { Axis } from '../train/search.ts';

/** What conv-fusion is fitted with. */
export interface ConvFusionSettings extends Settings {
  /** C of a support vector machine: the weight of the errors against that of a small norm. */
  readonly regularisation: number;
  /** The same for the classifier that knows the picture alone, which has no text to lean on. */
  readonly pictureRegularisation: number;
  /** How long the vector of a picture is; that of a text's n-grams is √2 long. */
  readonly pictureLength: number;
  /** How long the vector is that a pretrained network makes of a text; that of its n-grams is √2 long. */
  readonly sentenceLength: number;
  /** 0: each product counts the same; 1: each class does. */
  readonly balance: number;
  /** Whether accents make another word. */
  readonly marks: 'stripped' | 'kept';
  /** Share of the designation's own bag of n-grams. */
  readonly designationShare: number;
  /** Buckets that words are hashed into, and as many for characters. */
  readonly buckets: number;
}

/** What Adam needs to come near the minimum. */
const fewestSteps = 350;

/**
 * Defaults that won on several catalogues, by validation (docs/model.md). Below 2,000 products smaller batches and
 * more epochs, below 4,500 more epochs, so that the optimiser always takes its steps; more buckets where more words are.
 */
export function settings(choices: Choices, products: number): ConvFusionSettings {
  const small = products < 2000;
  const batchSize = choices.batchSize ?? (small ? 64 : 128);
  const enough = Math.ceil((fewestSteps * batchSize) / products);
  return {
    epochs: choices.epochs ?? (small ? 25 : Math.min(Math.max(enough, 10), 25)),
    batchSize,
    learningRate: choices.learningRate ?? (small ? 0.02 : 0.04),
    seed: choices.seed ?? 0,
    imageSize: choices.imageSize ?? 128,
    regularisation: 0.7,
    pictureRegularisation: 1.8,
    pictureLength: 1.5,
    sentenceLength: 1.4,
    balance: 0,
    marks: 'stripped',
    designationShare: 0,
    buckets: products < 20_000 ? 2 ** 15 : 2 ** 16,
  };
}

/**
 * What may be changed, the likeliest gain first; what a person chose stays as it is. Whether designations are worth more
 * than descriptions differs from shop to shop by more than anything else, so that is always tried.
 */
export function searchAxes(choices: Choices): { always: Axis[]; further: Axis[] } {
  const further: Axis[] = [
    { name: 'regularisation', values: [0.7, 1.4, 0.35] },
    { name: 'pictureLength', values: [1.5, 1.9, 1.2] },
    { name: 'sentenceLength', values: [1.4, 2, 1] },
    { name: 'balance', values: [0, 0.3] },
    { name: 'marks', values: ['stripped', 'kept'] },
    { name: 'learningRate', values: [0.04, 0.02] },
    { name: 'pictureRegularisation', values: [1.8, 3.6, 0.9] },
  ];
  return {
    always: [{ name: 'designationShare', values: [0, 0.5] }],
    further: further.filter(({ name }) => choices[name as keyof Choices] === undefined),
  };
}
