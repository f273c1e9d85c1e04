import { answerNames, type Predictions, predictionsOf } from '../judge/predictions.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type BatchSource, readBatch, toInputs } from './batch.ts';
import { applyHead, type HeadTensors } from './head.ts';

const batchSize = 256;

/** Predicts `rows` (indices of products) from the features in the source; pictures are not mirrored. */
export function predict(
  tf: TensorFlow,
  source: BatchSource,
  head: HeadTensors,
  rows: Int32Array,
): Predictions {
  const classes = source.products.classes.length;
  const create = () => new Float32Array(rows.length * classes);
  const values = { fused: create(), text: create(), picture: create() };
  for (let from = 0; from < rows.length; from += batchSize) {
    const batch = readBatch(source, rows.subarray(from, from + batchSize), () => false);
    tf.tidy(() => {
      const margins = applyHead(tf, head, toInputs(tf, batch, source.scale));
      for (const name of answerNames) values[name].set(margins[name].dataSync(), from * classes);
    });
  }
  const labels = rows.map((row) => source.products.labels[row] as number);
  return predictionsOf(
    values,
    { classes, labels },
    {
      hasText: Uint8Array.from(rows, (row) => source.texts.hasText[row] as number),
      hasPicture: Uint8Array.from(rows, (row) => source.products.hasPicture[row] as number),
    },
  );
}
