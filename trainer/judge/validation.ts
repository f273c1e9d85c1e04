import { fitTemperature, type Margins, type Temperatures, toProbabilities } from './calibration.ts';
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
  const texts = pick(predictions.text, (row) => hasText[row] === 1);
  const pictures = pick(predictions.picture, (row) => hasPicture[row] === 1);
  const both = pick(predictions.fused, (row) => hasText[row] === 1 && hasPicture[row] === 1);
  const temperatures = {
    fused: fitTemperature(both),
    text: fitTemperature(texts),
    picture: fitTemperature(pictures),
  };
  const answers = choose(
    {
      fused: toProbabilities(predictions.fused, temperatures.fused),
      text: toProbabilities(predictions.text, temperatures.text),
      picture: toProbabilities(predictions.picture, temperatures.picture),
    },
    { hasText, hasPicture, classes: classes.length },
  );
  const served = {
    classes: classes.length,
    probabilities: answers,
    labels: predictions.fused.labels,
  };
  const alone = (margins: Margins, temperature: number) =>
    measure({
      classes: classes.length,
      probabilities: toProbabilities(margins, temperature),
      labels: margins.labels,
    });
  return {
    products: served.labels.length,
    temperatures,
    metrics: measure(served),
    intervals: intervals(served),
    text: alone(texts, temperatures.text),
    picture: alone(pictures, temperatures.picture),
    classes: measureClasses(served, classes),
  };
}
