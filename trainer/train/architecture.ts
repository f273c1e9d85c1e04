import type { TextFeatures, TextInput } from '@shelfwise/trainer-contract';
import type { PictureStage, PicturesOf } from '../features/pictures.ts';
import type { Products } from '../features/products.ts';
import type { FitProgress } from '../fit/loop.ts';
import type { EpochRecord, Keeper } from '../fit/state.ts';
import type { Temperatures } from '../judge/calibration.ts';
import type { Predictions } from '../judge/predictions.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import type { Choices } from './hyperparameters.ts';
import type { Axis } from './search.ts';

/**
 * A kind of model: how it is fitted, and how it is written down. `train` knows nothing else of it. `K` says what it
 * reads of pictures (features of the pretrained backbone, or the pixels themselves), `S` are its hyperparameters, and
 * `M` is what a fit leaves.
 */
export interface Architecture<
  K extends PictureKind = PictureKind,
  S extends Settings = Settings,
  M extends Fitted = Fitted,
> {
  readonly name: string;
  readonly pictures: K;
  /** What a person chose, and defaults by the number of products for the rest. */
  settings(choices: Choices, products: number): S;
  /**
   * What a search may change in them, but what a person chose: what is tried in any case, and what further when a
   * person wants a search. Without it nothing is tried.
   */
  axes?(choices: Choices): { always: Axis[]; further: Axis[] };
  /** Fits on some of the products and nothing else; none of the judged is learned from. */
  fit(task: FitTask<K, S>): Promise<Fit<M>>;
  /** The whole model as one ONNX file; its inputs and outputs are those of the contract. */
  toOnnx(model: M & Calibrated): Uint8Array;
  /** The same as a tfjs graph model. */
  toTfjs(model: M & Calibrated): { model: object; weights: Buffer };
  /** What the model answers in TensorFlow, with the code it was trained with: what the exported files must repeat. */
  reference(
    tf: TensorFlow,
    model: M & Calibrated,
    inputs: readonly ReferenceInput[],
  ): ReferenceOutput[];
  /** What a person should know of a model with these settings. */
  describe(settings: S, stage: StageOf[K]): Description;
}

/** Sentences for the model card, in Markdown. */
export interface Description {
  /** What reads text and picture, and how it learns. */
  readonly method: string;
  /** Of what is in the model and was made by others. */
  readonly licences: readonly string[];
  /** What this kind of model is bad at. */
  readonly caveats: readonly string[];
}

export type PictureKind = PictureStage['kind'];
type StageOf = { [K in PictureKind]: Extract<PictureStage, { kind: K }> };
type PicturesBy = { [K in PictureKind]: PicturesOf<StageOf[K]> };

/** Hyperparameters that every architecture has; plain data, for they are part of a manifest. */
export interface Settings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly imageSize: number;
}

export interface FitTask<K extends PictureKind = PictureKind, S extends Settings = Settings> {
  readonly tf: TensorFlow;
  readonly products: Products<PicturesBy[K]>;
  /** What was made of the pictures of `products`. */
  readonly stage: StageOf[K];
  readonly hyperparameters: S;
  /** Indices of the products to learn from, ascending. */
  readonly fitted: Int32Array;
  /** Indices of the products to judge after each epoch, none of which is learned from. */
  readonly judged: Int32Array;
  readonly scratchDir: string;
  /** Keeps the fit's state, and has it after an interruption. */
  readonly keeper: Keeper;
  readonly signal: AbortSignal;
  onTexts(done: number): void;
  onStep(progress: FitProgress): void;
}

export interface Fit<M extends Fitted = Fitted> {
  readonly model: M;
  readonly curve: readonly EpochRecord[];
  /** Margins for the products that were judged. */
  readonly predictions: Predictions;
}

/** What every fitted model has; the rest is its architecture's own. */
export interface Fitted {
  readonly text: TextInput;
}

/** What makes a fitted model one that can be written down. */
export interface Calibrated {
  readonly imageSize: number;
  readonly classes: readonly string[];
  readonly temperatures: Temperatures;
}

/** One prediction's inputs; without a picture `pixels` is null. */
export interface ReferenceInput {
  readonly text: TextFeatures;
  readonly pixels: Uint8Array | null;
}

/** Class probabilities of what answers, of text alone and of the picture alone. */
export interface ReferenceOutput {
  readonly probabilities: number[];
  readonly text: number[];
  readonly picture: number[];
}
