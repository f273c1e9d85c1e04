import { type AnswerName, eachAnswer } from './answers.ts';
import { fitTemperature, type Temperatures, toProbabilities } from './calibration.ts';
import { type Intervals, intervals } from './interval.ts';
import { type ClassMetrics, type Metrics, measure, measureClasses } from './metrics.ts';
import { choose, type Predictions, pick } from './predictions.ts';

/** How good the model is on products that it did not learn from, and how sure it may be. */
export interface Validation {
  readonly products: number;
  readonly temperatures: Temperatures;
  /** As the service answers: with all that a product has. */
  readonly metrics: Metrics;
  readonly intervals: Intervals;
  /** Products with text, by their text alone; likewise for pictures. */
  readonly text: Metrics;
  readonly picture: Metrics;
  readonly classes: ClassMetrics[];
}

/** Fits the temperatures on the judged products and measures the calibrated answers on the same. */
export function validate(predictions: Predictions, classes: readonly string[]): Validation {
  const { hasText, hasPicture } = predictions;
  const reads: Record<AnswerName, (row: number) => boolean> = {
    fused: (row) => hasText[row] === 1 && hasPicture[row] === 1,
    text: (row) => hasText[row] === 1,
    picture: (row) => hasPicture[row] === 1,
  };
  const rows = eachAnswer((name) => pick(predictions[name], reads[name]));
  const temperatures = eachAnswer((name) => fitTemperature(rows[name]));
  const answers = choose(
    eachAnswer((name) => toProbabilities(predictions[name], temperatures[name])),
    { hasText, hasPicture, classes: classes.length },
  );
  const served = {
    classes: classes.length,
    probabilities: answers,
    labels: predictions.fused.labels,
  };
  const alone = (name: AnswerName) =>
    measure({
      classes: classes.length,
      probabilities: toProbabilities(rows[name], temperatures[name]),
      labels: rows[name].labels,
    });
  return {
    products: served.labels.length,
    temperatures,
    metrics: measure(served),
    intervals: intervals(served),
    text: alone('text'),
    picture: alone('picture'),
    classes: measureClasses(served, classes),
  };
}
