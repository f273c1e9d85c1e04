import * as z from 'zod';
import { explanationSchema } from './explain.ts';
import { problemSchema } from './problem.ts';

/** Limits of `POST /v1/predict`. Bytes on the wire; characters are UTF-16 code units. */
export const predictLimits = {
  bodyBytes: 16 * 1024 * 1024,
  designationCharacters: 2_000,
  descriptionCharacters: 100_000,
  topMaximum: 100,
  topDefault: 5,
} as const;

/** What JSON Schema says of the limits; what refuses is `question()` of the service, in words of its own. */
const designation = z.string().meta({
  maxLength: predictLimits.designationCharacters,
  description: 'The name of the product.',
});
const description = z.string().meta({
  maxLength: predictLimits.descriptionCharacters,
  description: 'What the shop says about it. HTML is read as text.',
});
const top = z.int().meta({
  minimum: 1,
  maximum: predictLimits.topMaximum,
  description: `How many classes are answered, best first. Default ${predictLimits.topDefault}.`,
});

/** A file among the parts of a form, or a body of bytes: for documents alone. */
export const binarySchema = z.string().meta({ format: 'binary' });

const explain = z.boolean().meta({
  description:
    'Whether the answer tells which words and which regions of the picture mattered. Costs up to 84 predictions more.',
});

/** The JSON form of a prediction's request. `image` is the base64 of a JPEG, PNG or WebP file. */
export const predictRequestSchema = z
  .strictObject({
    designation: designation.nullish(),
    description: description.nullish(),
    image: z
      .string()
      .meta({ contentEncoding: 'base64', description: 'A JPEG, PNG or WebP file in base64.' })
      .nullish(),
    top: top.nullish(),
    explain: explain.nullish(),
  })
  .meta({ id: 'PredictRequest' });

/** The form of a prediction's request; the image is a file. For documents alone: forms are read as they stream in. */
export const predictFormSchema = z
  .strictObject({
    designation: designation.optional(),
    description: description.optional(),
    image: binarySchema.meta({ description: 'A JPEG, PNG or WebP file.' }).optional(),
    top: top.optional(),
    explain: explain.optional(),
  })
  .meta({ id: 'PredictForm' });

const candidateSchema = z
  .strictObject({ class: z.string(), probability: z.number().min(0).max(1) })
  .meta({ id: 'Candidate' });

/**
 * The answer: the likeliest classes, best first, with calibrated probabilities, and what the text alone
 * and the picture alone would say (`null` where the request had none).
 */
export const predictResponseSchema = z
  .strictObject({
    release: z.string().meta({ description: 'The release that answered.' }),
    digest: z.string().meta({ description: "The digest of the release's model tar." }),
    classes: z.array(candidateSchema),
    text: z.array(candidateSchema).nullable(),
    image: z.array(candidateSchema).nullable(),
    explanation: explanationSchema.optional().meta({ description: 'Where it was asked for.' }),
  })
  .meta({ id: 'PredictResponse' });

export type PredictResponse = z.infer<typeof predictResponseSchema>;

/** Limits of `POST /v1/predict/batch`. */
export const batchLimits = {
  lineBytes: 8 * 1024 * 1024,
  idCharacters: 200,
  /** Batches under way at a time, of one caller and of all. */
  perCaller: 2,
  atATime: 8,
} as const;

export const batchIdSchema = z
  .union([z.string().max(batchLimits.idCharacters), z.int()])
  .nullish()
  .meta({ description: 'Comes back with the answer.' });

/** What a line of a batch asks: a batch explains nothing. */
export const batchQuestionSchema = predictRequestSchema.omit({ explain: true });

/** A line of a batch's request. */
export const batchLineSchema = z
  .strictObject({ id: batchIdSchema, ...batchQuestionSchema.shape })
  .meta({ id: 'BatchLine' });

const batchPlace = {
  line: z.int().min(1).meta({ description: 'The line of the request, from 1.' }),
  id: z.union([z.string(), z.int()]).nullable(),
};

/** A line of a batch's answer: a prediction, or why there is none. */
export const batchAnswerSchema = z
  .union([
    z.strictObject({ ...batchPlace, prediction: predictResponseSchema }),
    z.strictObject({ ...batchPlace, problem: problemSchema }),
  ])
  .meta({ id: 'BatchAnswer' });

export type BatchAnswer = z.infer<typeof batchAnswerSchema>;
