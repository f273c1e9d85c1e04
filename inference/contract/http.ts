import * as z from 'zod';

/** Limits of `POST /v1/predict`. Bytes on the wire; characters are UTF-16 code units. */
export const predictLimits = {
  bodyBytes: 16 * 1024 * 1024,
  designationCharacters: 2_000,
  descriptionCharacters: 100_000,
  topMaximum: 100,
  topDefault: 5,
} as const;

/** The JSON form of a prediction's request. `image` is the base64 of a JPEG, PNG or WebP file. */
export const predictRequestSchema = z.strictObject({
  designation: z.string().nullish(),
  description: z.string().nullish(),
  image: z.string().nullish(),
  top: z.int().nullish(),
});

const candidateSchema = z.strictObject({ class: z.string(), probability: z.number() });

/**
 * The answer: the likeliest classes, best first, with calibrated probabilities, and what the text alone
 * and the picture alone would say (`null` where the request had none).
 */
export const predictResponseSchema = z.strictObject({
  release: z.string(),
  digest: z.string(),
  classes: z.array(candidateSchema),
  text: z.array(candidateSchema).nullable(),
  image: z.array(candidateSchema).nullable(),
});

export type PredictRequest = z.infer<typeof predictRequestSchema>;
export type PredictResponse = z.infer<typeof predictResponseSchema>;
