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

/** A difference of scores, candidate less champion, and the bound that it lies above with the comparison's confidence. */
const differenceSchema = z.strictObject({
  difference: z.number().min(-1).max(1).nullable(),
  lower: z.number().min(-1).max(1).nullable(),
});

/**
 * Candidate against champion, product by product: only those count whose class both models know. Null where there was no
 * product to compare.
 */
export const comparisonFactsSchema = z.strictObject({
  /** Products that were compared, and those of a class that one of the models does not know. */
  products: count,
  leftOut: count,
  /** Classes that both models know. */
  classes: count,
  /** Products that the candidate alone, and that the champion alone, has right. */
  candidateOnly: count,
  championOnly: count,
  /** McNemar's exact test, two-sided: how likely a split at least as uneven were if neither model was better. */
  pValue: score,
  /** Of the one-sided lower bounds: the gate's `champion.confidence`, else 0.95. */
  confidence: z.number().min(0.5).max(0.999),
  accuracy: differenceSchema,
  macroF1: differenceSchema,
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
  /** Null without a champion; absent in facts of before there were comparisons. */
  comparison: comparisonFactsSchema.nullable().optional(),
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
export type ComparisonFacts = z.infer<typeof comparisonFactsSchema>;
export type EvaluationFacts = z.infer<typeof evaluationFactsSchema>;
export type Subject = z.infer<typeof subjectSchema>;
