import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Prediction } from '../engine/item.ts';
import { likeliest } from '../engine/likeliest.ts';
import { type Baseline, createDriftWindow } from './drift.ts';
import { prefix } from './metrics.ts';

/** A catalogue of thousands of classes must not become thousands of series. */
const mostClasses = 200;
const others = '(others)';

export interface Predicting {
  release: string;
  digest: string;
  /** In the order of labels.json. */
  classes: readonly string[];
}

/** What the release answers: classes, confidence, and how far that is from what it answered on the holdout. */
export function watchPredictions(registry: Registry, { release, digest, classes }: Predicting) {
  const registers = [registry];
  const model = { release, digest };
  const ofModel = ['release', 'digest'] as const;
  const window = createDriftWindow(classes.length);
  let baseline: Baseline | undefined;

  const predictions = new Counter({
    name: `${prefix}predictions_total`,
    help: `Products classified, by the likeliest class; classes beyond the first ${mostClasses} of the model count as ${others}.`,
    labelNames: [...ofModel, 'class'],
    registers,
  });
  const confidence = new Histogram({
    name: `${prefix}prediction_confidence`,
    help: 'Calibrated probability of the likeliest class, by what there was to go by: text, picture or both.',
    labelNames: [...ofModel, 'given'],
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
    registers,
  });
  const counters = classes.map((name, c) => {
    const counter = predictions.labels({ ...model, class: c < mostClasses ? name : others });
    // There from the start, so that the first prediction of a class is an increase.
    counter.inc(0);
    return counter;
  });
  const given = {
    text: confidence.labels({ ...model, given: 'text' }),
    picture: confidence.labels({ ...model, given: 'picture' }),
    both: confidence.labels({ ...model, given: 'both' }),
  };

  const gauge = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name: prefix + name,
      help,
      labelNames: ofModel,
      registers,
      collect() {
        const value = read();
        if (value === undefined) this.reset();
        else this.set(model, value);
      },
    });
  gauge('drift_window_predictions', 'Predictions of the last hour.', () => window.size());
  gauge(
    'drift_psi',
    "Population stability index of the last hour's predicted classes against the holdout's. Absent with fewer than 500 predictions, and without an evaluation of the release.",
    () => baseline && window.against(baseline)?.psi,
  );
  gauge(
    'drift_psi_by_chance',
    'What shelfwise_inference_drift_psi would be on average if nothing had changed.',
    () => baseline && window.against(baseline)?.byChance,
  );

  return {
    predicted({ combined, text, image }: Prediction): void {
      const best = likeliest(combined);
      counters[best]?.inc();
      window.add(best);
      const known = text && image ? given.both : text ? given.text : given.picture;
      known.observe(combined[best] as number);
    },
    /** From now on there is something to hold the predictions against. */
    compareWith(holdout: Baseline): void {
      baseline = holdout;
    },
  };
}

export type PredictionMetrics = ReturnType<typeof watchPredictions>;
