import { type Predictions, predictRows } from '../judge/predictions.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type BatchSource, batchReader, toInputs } from './batch.ts';
import { applyHead, type HeadTensors } from './head.ts';

const atOnce = 256;

/** Predicts `rows` (indices of products) from the features in the source; pictures are not mirrored. */
export function predict(
  tf: TensorFlow,
  source: BatchSource,
  head: HeadTensors,
  rows: Int32Array,
): Predictions {
  const { products, texts, scale } = source;
  const read = batchReader(source, atOnce);
  const asked = { ...products, hasText: texts.hasText, atOnce };
  return predictRows(tf, rows, asked, (some) => {
    return applyHead(
      tf,
      head,
      toInputs(
        tf,
        read(some, () => false),
        scale,
      ),
    );
  });
}
