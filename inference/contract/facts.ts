import * as z from 'zod';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** A share or a score. `null` says that it could not be computed: readers must not take it for 0. */
const score = z.number().min(0).max(1).nullable();

const subjectSchema = z.strictObject({ release: z.string().min(1), digest });

/** Scores on the holdout. Macro: every class counts alike; weighted: by its number of products. */
export const metricsSchema = z.strictObject({
  accuracy: score,
  macroF1: score,
  weightedF1: score,
});

/** Any JSON: what the operator passed as `--gate` comes back as it was, so that it can compare. */
const gateSchema = z.json();

/** At most this many classes are listed in `lowestRecalls`. */
export const LOWEST_RECALLS = 32;

/**
 * What `evaluate` found out, and about what: the operator compares candidate, champion, dataset and
 * gate with what it asked for, and evaluates again when they differ. No verdict: that is the operator's.
 */
export const evaluationFactsSchema = z.strictObject({
  step: z.literal('evaluate'),
  ok: z.literal(true),
  schemaVersion: z.literal(1),
  candidate: subjectSchema,
  champion: subjectSchema.nullable(),
  dataset: digest,
  gate: gateSchema.nullable(),
  holdout: z.strictObject({ products: count, classes: count }),
  metrics: metricsSchema,
  championMetrics: metricsSchema.nullable(),
  /** Ascending by recall; fewer than asked for where long class names would not fit the message. */
  lowestRecalls: z
    .array(
      z.strictObject({
        class: z.string().min(1),
        recall: z.number().min(0).max(1),
        support: count,
      }),
    )
    .max(LOWEST_RECALLS),
});

export type Metrics = z.infer<typeof metricsSchema>;
export type EvaluationFacts = z.infer<typeof evaluationFactsSchema>;
export type Subject = z.infer<typeof subjectSchema>;

const classScoresSchema = z.strictObject({
  class: z.string(),
  precision: score,
  recall: score,
  f1: score,
  support: count,
  predicted: count,
});

const scoresSchema = metricsSchema.extend({
  perClass: z.array(classScoresSchema),
  /** `counts[i][j]`: products of class `classes[i]` that were taken for `classes[j]`. */
  confusion: z.strictObject({ classes: z.array(z.string()), counts: z.array(z.array(count)) }),
  /** Products with neither usable text nor a usable picture: they count as wrong. */
  unanswered: count,
  /** Products whose picture could not be decoded: judged by their text alone. */
  unreadablePictures: count,
});

/** `releases/<release>/evaluation.json`: the facts, and all that people want to see of them. */
export const evaluationSchema = z.strictObject({
  schemaVersion: z.literal(1),
  facts: evaluationFactsSchema,
  candidate: scoresSchema,
  champion: scoresSchema.nullable(),
  seconds: z.number().nonnegative(),
  evaluatedAt: z.iso.datetime(),
});

export type Scores = z.infer<typeof scoresSchema>;
export type ClassScores = z.infer<typeof classScoresSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>;
