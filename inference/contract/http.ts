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

/** Names are lower case, so that two people cannot differ by case alone. */
export const usernameSchema = z.string().regex(/^[a-z0-9][a-z0-9._@-]{0,62}$/, {
  error: 'must be 1 to 63 lower-case letters, digits, dots, dashes, underscores or @',
});

export const passwordSchema = z
  .string()
  .min(12, { error: 'must have at least 12 characters' })
  .max(256, { error: 'must have at most 256 characters' });

export const roleSchema = z.enum(['admin', 'user']);

/** `POST /v1/tokens`. The password is only bounded here: a rule learnt later must not lock people out. */
export const tokenRequestSchema = z.strictObject({
  username: z.string().min(1).max(63),
  password: z.string().min(1).max(256),
});

export const tokenResponseSchema = z.strictObject({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
});

export const newUserSchema = z.strictObject({
  username: usernameSchema,
  password: passwordSchema,
  role: roleSchema.default('user'),
});

export const userSchema = z.strictObject({
  id: z.string(),
  username: z.string(),
  role: roleSchema,
  createdAt: z.iso.datetime(),
});

export const usersResponseSchema = z.strictObject({ users: z.array(userSchema) });

export type PredictRequest = z.infer<typeof predictRequestSchema>;
export type PredictResponse = z.infer<typeof predictResponseSchema>;
export type Role = z.infer<typeof roleSchema>;
export type User = z.infer<typeof userSchema>;
