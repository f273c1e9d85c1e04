import type { Margins } from '../judge/calibration.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import { type BatchSource, readBatch, toInputs } from './batch.ts';
import { applyHead, type HeadTensors } from './head.ts';

const batchSize = 256;

/** Margins of the three classifiers for some products, and which of them counts. */
export interface Predictions {
  readonly fused: Margins;
  readonly text: Margins;
  readonly picture: Margins;
  readonly hasText: Uint8Array;
  readonly hasPicture: Uint8Array;
  /** Share of products that the classifier for what they have gets right. */
  accuracy(): number;
}

/** Predicts `rows` (indices of products) from the features in the source; pictures are not mirrored. */
export function predict(
  tf: TensorFlow,
  source: BatchSource,
  head: HeadTensors,
  rows: Int32Array,
): Predictions {
  const classes = source.products.classes.length;
  const labels = rows.map((row) => source.products.labels[row] as number);
  const create = () => new Float32Array(rows.length * classes);
  const values = { fused: create(), text: create(), picture: create() };
  for (let from = 0; from < rows.length; from += batchSize) {
    const batch = readBatch(source, rows.subarray(from, from + batchSize), () => false);
    tf.tidy(() => {
      const margins = applyHead(tf, head, toInputs(tf, batch, source.scale));
      for (const name of ['fused', 'text', 'picture'] as const)
        values[name].set(margins[name].dataSync(), from * classes);
    });
  }
  const hasText = Uint8Array.from(rows, (row) => source.texts.hasText[row] as number);
  const hasPicture = Uint8Array.from(rows, (row) => source.products.hasPicture[row] as number);
  const margins = (name: keyof typeof values) => ({ classes, values: values[name], labels });
  return {
    fused: margins('fused'),
    text: margins('text'),
    picture: margins('picture'),
    hasText,
    hasPicture,
    accuracy: () => {
      const answers = choose(values, { hasText, hasPicture, classes });
      let hits = 0;
      labels.forEach((label, row) => {
        const margin = answers.subarray(row * classes, (row + 1) * classes);
        if (margin.indexOf(Math.max(...margin)) === label) hits += 1;
      });
      return rows.length === 0 ? 0 : hits / rows.length;
    },
  };
}

/** For each row what the classifier says that knows all the product has; text's where it has nothing. */
export function choose(
  values: { fused: Float32Array; text: Float32Array; picture: Float32Array },
  has: { hasText: Uint8Array; hasPicture: Uint8Array; classes: number },
): Float32Array {
  const chosen = new Float32Array(values.fused.length);
  has.hasText.forEach((text, row) => {
    const picture = has.hasPicture[row] === 1;
    const from = picture ? (text ? values.fused : values.picture) : values.text;
    const [start, end] = [row * has.classes, (row + 1) * has.classes];
    chosen.set(from.subarray(start, end), start);
  });
  return chosen;
}

/** The rows of margins for which `keep` is 1. */
export function pick(margins: Margins, keep: (row: number) => boolean): Margins {
  const rows = [...margins.labels.keys()].filter(keep);
  const values = new Float32Array(rows.length * margins.classes);
  rows.forEach((row, i) => {
    const from = row * margins.classes;
    values.set(margins.values.subarray(from, from + margins.classes), i * margins.classes);
  });
  return {
    classes: margins.classes,
    values,
    labels: Int32Array.from(rows, (row) => margins.labels[row] as number),
  };
}
