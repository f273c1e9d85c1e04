import type { TextFeatures } from '@shelfwise/trainer-contract/text';
import { Tensor } from 'onnxruntime-node';
import type { ItemResult } from './item.ts';

/** An item whose text and picture are ready for the model. `pixels` is S·S·3 bytes, RGB. */
export interface Prepared {
  text: TextFeatures;
  pixels: Uint8Array | null;
}

export interface BatchShape {
  /** Picture edge S in pixels. */
  size: number;
  /** Token slots T of an item. */
  tokens: number;
  maximumBatch: number;
}

const outputNames = ['probabilities', 'text_probabilities', 'image_probabilities'] as const;

/** Arrays large enough for a full batch, filled anew for each: no allocation on the hot path. */
export function createBatchBuffers({ size, tokens, maximumBatch }: BatchShape) {
  const ids = new Int32Array(maximumBatch * tokens);
  const weights = new Float32Array(maximumBatch * tokens);
  const pixels = new Uint8Array(maximumBatch * size * size * 3);
  const imagePresent = new Float32Array(maximumBatch);
  const textPresent = new Float32Array(maximumBatch);

  /** The model's inputs for `items` (N ≤ maximumBatch): views on the buffers, valid until the next call. */
  return function fill(items: Prepared[]): Record<string, Tensor> {
    const n = items.length;
    const area = size * size * 3;
    items.forEach((item, i) => {
      ids.set(item.text.ids, i * tokens);
      weights.set(item.text.weights, i * tokens);
      textPresent[i] = item.text.present ? 1 : 0;
      imagePresent[i] = item.pixels ? 1 : 0;
      if (item.pixels) pixels.set(item.pixels, i * area);
      else pixels.fill(0, i * area, (i + 1) * area);
    });
    return {
      text_ids: new Tensor('int32', ids.subarray(0, n * tokens), [n, tokens]),
      text_weights: new Tensor('float32', weights.subarray(0, n * tokens), [n, tokens]),
      image: new Tensor('uint8', pixels.subarray(0, n * area), [n, size, size, 3]),
      image_present: new Tensor('float32', imagePresent.subarray(0, n), [n, 1]),
      text_present: new Tensor('float32', textPresent.subarray(0, n), [n, 1]),
    };
  };
}

/**
 * One result for each item from the model's outputs, float32[N, classes] each. A row that is no
 * distribution (NaN, negative) is a fault of the model and never reaches a caller as numbers.
 */
export function readOutputs(
  outputs: Readonly<Record<string, Tensor>>,
  items: Prepared[],
  classes: number,
): ItemResult[] {
  const [combined, text, image] = outputNames.map((name) =>
    rowsOf(outputs[name], name, items.length, classes),
  );
  return items.map((item, i) => {
    const prediction = {
      combined: combined?.(i) as Float32Array,
      text: item.text.present ? (text?.(i) as Float32Array) : null,
      image: item.pixels ? (image?.(i) as Float32Array) : null,
    };
    const wrong = [prediction.combined, prediction.text, prediction.image].some(
      (row) => row && !isDistribution(row),
    );
    return wrong
      ? { ok: false, fault: 'model', message: 'the model gave numbers that are no probabilities' }
      : { ok: true, ...prediction };
  });
}

function rowsOf(tensor: Tensor | undefined, name: string, n: number, classes: number) {
  if (!tensor) throw new Error(`model.onnx has no output ${name}`);
  const [rows, columns] = tensor.dims;
  if (tensor.type !== 'float32' || tensor.dims.length !== 2 || rows !== n || columns !== classes) {
    throw new Error(
      `output ${name} of model.onnx is ${tensor.type}[${tensor.dims.join(',')}], but labels.json asks for float32[${n},${classes}]`,
    );
  }
  const data = tensor.data as Float32Array;
  // A copy: a row goes to another thread, and must not take the whole output with it.
  return (i: number) => data.slice(i * classes, (i + 1) * classes);
}

function isDistribution(row: Float32Array): boolean {
  let sum = 0;
  for (const p of row) {
    if (!(p >= 0)) return false;
    sum += p;
  }
  return Math.abs(sum - 1) < 0.01;
}
