import type { Preprocessing } from '@shelfwise/trainer-contract';

/** One product to classify. `picture` is an encoded JPEG, PNG or WebP file. */
export interface Item {
  designation: string | null;
  description: string | null;
  picture: Uint8Array | null;
  /** Parts of the decoded picture that are painted grey: to see what the answer owes to them. */
  masks?: readonly Mask[];
}

/** Left, top, right, bottom in pixels of the S × S picture that the model sees; right and bottom are outside. */
export type Mask = readonly [number, number, number, number];

/**
 * Calibrated probabilities in the order of labels.json, each of length C, each summing to 1.
 * `text` and `image` say what one modality alone would answer; null where the item has none of it.
 */
export interface Prediction {
  combined: Float32Array;
  text: Float32Array | null;
  image: Float32Array | null;
}

/**
 * Why an item has no prediction: its picture cannot be read, it has nothing to go by, or the model
 * gave something that is no probability. Only the last is not the caller's fault.
 */
export type ItemFault = 'picture' | 'empty' | 'model';

export type ItemResult =
  | ({ ok: true } & Prediction)
  | { ok: false; fault: ItemFault; message: string };

export type Stage = 'decode' | 'tokenise' | 'infer';

/** Milliseconds that a batch spent in each stage of a worker, one after the other. */
export interface StageTimes extends Record<Stage, number> {
  /** Of the worker's CPU time. What libvips decodes (PNG, WebP) runs in other threads and is not in it. */
  cpu: Record<Stage, number>;
}

/** What a worker gets to know at its start. */
export interface WorkerSettings {
  modelPath: string;
  preprocessing: Preprocessing;
  classes: number;
  maximumBatch: number;
}

export type ToWorker = { kind: 'batch'; items: Item[] } | { kind: 'stop' };

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'refused'; message: string }
  | { kind: 'batch'; results: ItemResult[]; times: StageTimes };
