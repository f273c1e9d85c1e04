import * as z from 'zod';
import { comparisonFactsSchema, evaluationFactsSchema, metricsSchema } from './facts.ts';

const count = z.int().nonnegative();

/** A share or a score; null where it could not be computed. */
const score = z.number().min(0).max(1).nullable();

const classScoresSchema = z.strictObject({
  class: z.string(),
  precision: score,
  recall: score,
  f1: score,
  support: count,
  predicted: count,
});

/** How a part of the holdout fares. Macro F1 over the classes that occur in that part. */
const partSchema = z.strictObject({ products: count, accuracy: score, macroF1: score });

/** What a product offered to go by; `none` is neither usable text nor a usable picture. */
export const modalitySchema = z.enum(['text+picture', 'text', 'picture', 'none']);

const calibrationSchema = z.strictObject({
  /**
   * Expected calibration error: how far confidence and accuracy of a bin are apart, averaged over products.
   * Source: Guo et al. 2017, arXiv:1706.04599.
   */
  error: score,
  /** Of equal width over 0 to 1, by the probability of the likeliest class. */
  bins: z.array(z.strictObject({ products: count, confidence: score, accuracy: score })),
});

const scoresSchema = metricsSchema.extend({
  /** Share of the products whose class is among the three likeliest. */
  top3Accuracy: score,
  /** Mean of -ln of the true class's probability, in nats. */
  logLoss: z.number().nonnegative().nullable(),
  calibration: calibrationSchema,
  perClass: z.array(classScoresSchema),
  /** `counts[i][j]`: products of class `classes[i]` that were taken for `classes[j]`. */
  confusion: z.strictObject({ classes: z.array(z.string()), counts: z.array(z.array(count)) }),
  /** By the language of the text (ISO 639-1), most products first; null where it could not be told. */
  byLanguage: z.array(partSchema.extend({ language: z.string().nullable() })),
  byModality: z.array(partSchema.extend({ modality: modalitySchema })),
  /** What text alone would say of the products with text, and the picture alone of those with one. */
  alone: z.strictObject({ text: partSchema, picture: partSchema }),
  /** Products with neither usable text nor a usable picture: they count as wrong. */
  unanswered: count,
  /** Products whose picture could not be decoded: judged by their text alone. */
  unreadablePictures: count,
});

const boundsSchema = z.strictObject({
  candidate: score,
  champion: score,
  difference: z.number().min(-1).max(1).nullable(),
  lower: z.number().min(-1).max(1).nullable(),
  upper: z.number().min(-1).max(1).nullable(),
});

/** The comparison of the facts, and how it came about. */
const comparisonSchema = comparisonFactsSchema.extend({
  /** Groups of products that are alike (same text, same picture), of which the bootstrap draws. */
  groups: count,
  bothRight: count,
  bothWrong: count,
  /** Scores of both models on the compared products and classes, with one-sided bounds on either side. */
  accuracy: boundsSchema,
  macroF1: boundsSchema,
  /** Classes that one of the models alone knows: nothing of them is compared. */
  candidateClasses: z.array(z.string()),
  championClasses: z.array(z.string()),
  /** Of the paired bootstrap over groups, stratified by true class, percentile bounds; and what it was seeded with. */
  bootstrap: z.strictObject({ resamples: count, seed: z.string() }),
});

/**
 * How the fit went: a list for each fit (`judged`, `final`), an entry for each epoch, with the measures that the trainer wrote down
 * (`loss`, `accuracy`, …).
 */
const learningSchema = z.record(z.string(), z.array(z.record(z.string(), z.number())));

/** `releases/<release>/evaluation.json`: the facts, and all that people want to see of them. */
export const evaluationSchema = z.strictObject({
  schemaVersion: z.literal(1),
  facts: evaluationFactsSchema,
  candidate: scoresSchema,
  champion: scoresSchema.nullable(),
  comparison: comparisonSchema.nullable(),
  /** Absent in evaluations of before they were kept; null where the bundle holds none. */
  learning: learningSchema.nullable().optional(),
  seconds: z.number().nonnegative(),
  evaluatedAt: z.iso.datetime(),
});

export type Scores = z.infer<typeof scoresSchema>;
export type ClassScores = z.infer<typeof classScoresSchema>;
export type Part = z.infer<typeof partSchema>;
export type Modality = z.infer<typeof modalitySchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type Learning = z.infer<typeof learningSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>;
