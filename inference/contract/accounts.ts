import * as z from 'zod';
import { roleSchema } from './caller.ts';

/** Names are lower case, so that two people cannot differ by case alone. */
export const usernameSchema = z.string().regex(/^[a-z0-9][a-z0-9._@-]{0,62}$/, {
  error: 'must be 1 to 63 lower-case letters, digits, dots, dashes, underscores or @',
});

export const passwordSchema = z
  .string()
  .min(12, { error: 'must have at least 12 characters' })
  .max(256, { error: 'must have at most 256 characters' });

/** At least one, each once. */
export const rolesSchema = z
  .array(roleSchema)
  .min(1, { error: 'must hold at least one role' })
  .max(roleSchema.options.length)
  .refine((roles) => new Set(roles).size === roles.length, {
    error: 'must hold each role once',
  });

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
  roles: rolesSchema.default(['predict']),
});

export const userSchema = z.strictObject({
  id: z.string(),
  username: z.string(),
  roles: z.array(roleSchema),
  createdAt: z.iso.datetime(),
});

export const usersResponseSchema = z.strictObject({ users: z.array(userSchema) });

export type User = z.infer<typeof userSchema>;
