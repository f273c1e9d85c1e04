import * as z from 'zod';
import { callerKinds, roleSchema } from './caller.ts';

/** Names are lower case, so that two people cannot differ by case alone. */
export const usernameForm = /^[a-z0-9][a-z0-9._@-]{0,62}$/;

const usernameSchema = z.string().regex(usernameForm, {
  error: 'must be 1 to 63 lower-case letters, digits, dots, dashes, underscores or @',
});

const passwordSchema = z
  .string()
  .min(12, { error: 'must have at least 12 characters' })
  .max(256, { error: 'must have at most 256 characters' });

/** At least one, each once. */
const rolesSchema = z
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

/** `GET /v1/me`. */
export const callerSchema = z.strictObject({
  kind: z.enum(callerKinds),
  id: z.string(),
  name: z.string(),
  roles: z.array(roleSchema),
});

/** `PUT /v1/me/password`. */
export const ownPasswordSchema = z.strictObject({
  currentPassword: z.string().min(1).max(256),
  password: passwordSchema,
});

/** `PUT /v1/users/{id}/password`. */
export const newPasswordSchema = z.strictObject({ password: passwordSchema });

export const newUserSchema = z.strictObject({
  username: usernameSchema,
  password: passwordSchema,
  roles: rolesSchema.default(['predict']),
});

/** `PATCH /v1/users/{id}`: what is not there stays. */
export const userChangeSchema = z
  .strictObject({ roles: rolesSchema.optional(), disabled: z.boolean().optional() })
  .refine(({ roles, disabled }) => roles !== undefined || disabled !== undefined, {
    error: 'must hold roles or disabled',
  });

export const userSchema = z
  .strictObject({
    id: z.string(),
    username: z.string(),
    roles: z.array(roleSchema),
    disabled: z.boolean(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'User' });

/** A page; `next` is the cursor of the one that follows, null at the end. */
export const usersResponseSchema = z.strictObject({
  users: z.array(userSchema),
  next: z.string().nullable(),
});

export const newServiceTokenSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, {
    error: 'must be 1 to 63 lower-case letters, digits, dots, dashes or underscores',
  }),
  roles: rolesSchema.default(['predict']),
  expiresAt: z.iso.datetime({ offset: true }).nullish().meta({
    description: 'When it ends; without it, it is taken until it is revoked.',
  }),
});

const serviceTokenSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    prefix: z.string().meta({ description: 'How the token begins, to recognise it by.' }),
    roles: z.array(roleSchema),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().meta({ description: 'To the minute.' }),
  })
  .meta({ id: 'ServiceToken' });

/** The only answer that ever holds the token itself. */
export const createdServiceTokenSchema = serviceTokenSchema.extend({ token: z.string() });

export const serviceTokensResponseSchema = z.strictObject({
  serviceTokens: z.array(serviceTokenSchema),
});

/** `GET /.well-known/jwks.json`, RFC 7517. */
export const keySetResponseSchema = z.strictObject({
  keys: z.array(
    z.strictObject({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: z.string(),
      y: z.string(),
      kid: z.string(),
      alg: z.literal('ES256'),
      use: z.literal('sig'),
    }),
  ),
});

export type User = z.infer<typeof userSchema>;
export type ServiceTokenDocument = z.infer<typeof serviceTokenSchema>;
