import { z } from 'zod';
import { pictureDecoders } from './picture.ts';

/** Every file of a model tar. */
export const bundleFiles = [
  'MODEL_CARD.md',
  'golden.json',
  'labels.json',
  'metrics.json',
  'model.onnx',
  'preprocessing.json',
  'tfjs/model.json',
  'tfjs/weights.bin',
] as const;

export interface BundleLimits {
  entries: number;
  entryBytes: number;
  totalBytes: number;
}
export const bundleLimits: BundleLimits = {
  entries: 32,
  entryBytes: 512 * 2 ** 20,
  totalBytes: 2 ** 30,
};

const className = z.string().min(1);
const probabilities = z.array(z.number().min(0).max(1.0001));

/** labels.json: the order of classes is the order of the model's outputs. */
export const labelsSchema = z.object({
  schemaVersion: z.literal(1),
  classes: z.array(className).min(1),
});
export type Labels = z.infer<typeof labelsSchema>;

/** What every kind of text has: tokens hashed into so many buckets, at most so many of them. */
const hashed = {
  buckets: z
    .number()
    .int()
    .min(256)
    .max(2 ** 20),
  maximumTokens: z.number().int().min(1).max(4096),
};

/** Text as a bag of n-grams: idf is base64 of little-endian float32[2 × buckets]. */
const ngramText = z.object({
  ...hashed,
  wordNgrams: z.tuple([z.number().int().min(1), z.number().int().max(5)]),
  charNgrams: z.tuple([z.number().int().min(1), z.number().int().max(8)]),
  marks: z.enum(['stripped', 'kept']).default('stripped'),
  designationShare: z.number().min(0).lt(1).default(0),
  idf: z.base64(),
  sentences: z
    .object({
      pieces: z.array(z.string()).min(3),
      scores: z.array(z.number()),
      length: z.number().int().min(3).max(512),
    })
    .optional(),
});
export type NgramTextFile = z.infer<typeof ngramText>;

/** Text as a sequence of hashed words. */
const sequenceTextSchema = z.object({
  kind: z.literal('sequence'),
  ...hashed,
});

/** preprocessing.json, as it stands in the file. */
export const preprocessingSchema = z.object({
  schemaVersion: z.literal(1),
  architecture: z.string().min(1),
  image: z.object({
    size: z.number().int().min(8).max(1024),
    // Models of before there were two say nothing.
    decoder: z.enum(pictureDecoders).default('libvips'),
  }),
  text: z.union([sequenceTextSchema, ngramText]),
});
export type PreprocessingFile = z.infer<typeof preprocessingSchema>;

/** golden.json: inputs as a client sends them, and what the model must answer to `tolerance`. */
export const goldenSchema = z.object({
  schemaVersion: z.literal(1),
  tolerance: z.number().positive().max(0.01),
  cases: z
    .array(
      z.object({
        designation: z.string().nullable(),
        description: z.string().nullable(),
        image: z.base64().nullable(),
        probabilities,
        text: probabilities,
        picture: probabilities,
      }),
    )
    .min(1)
    .max(32),
});
export type Golden = z.infer<typeof goldenSchema>;

/** metrics.json: validation metrics and learning curve, for people; no reader relies on more. */
export const metricsSchema = z.looseObject({ schemaVersion: z.literal(1) });
export type Metrics = z.infer<typeof metricsSchema>;
