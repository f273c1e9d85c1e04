import type { Margins } from './calibration.ts';

/** The three ways to answer: from text and picture, from text alone, from the picture alone. */
export const answerNames = ['fused', 'text', 'picture'] as const;
export type AnswerName = (typeof answerNames)[number];

/** What each of some products has. */
export interface Modalities {
  readonly hasText: Uint8Array;
  readonly hasPicture: Uint8Array;
}

/** Margins of the three classifiers for some products, and which of them counts. */
export interface Predictions extends Modalities {
  readonly fused: Margins;
  readonly text: Margins;
  readonly picture: Margins;
}

/** Values of the three classifiers, each [n, classes], row-major. */
export type Answers = Readonly<Record<AnswerName, Float32Array>>;

/** The values of each classifier with the true classes. */
export function predictionsOf(
  values: Answers,
  { classes, labels }: { classes: number; labels: Int32Array },
  has: Modalities,
): Predictions {
  const margins = (name: AnswerName): Margins => ({ classes, values: values[name], labels });
  return { fused: margins('fused'), text: margins('text'), picture: margins('picture'), ...has };
}

/** Share of products that the classifier for what they have gets right; 0 where there is none. */
export function accuracyOf({ fused, text, picture, ...has }: Predictions): number {
  const { classes, labels } = fused;
  const values = { fused: fused.values, text: text.values, picture: picture.values };
  const answers = choose(values, { ...has, classes });
  let hits = 0;
  labels.forEach((label, row) => {
    const margin = answers.subarray(row * classes, (row + 1) * classes);
    if (margin.indexOf(Math.max(...margin)) === label) hits += 1;
  });
  return labels.length === 0 ? 0 : hits / labels.length;
}

/** For each row what the classifier says that knows all the product has; text's where it has nothing. */
export function choose(values: Answers, has: Modalities & { classes: number }): Float32Array {
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
