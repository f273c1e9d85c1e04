import { randomUUID } from 'node:crypto';
import { type Caller, type Role, roleSchema } from '@shelfwise/inference-contract';
import { SignJWT } from 'jose';
import * as z from 'zod';
import type { KeyRing } from './key-ring.ts';

/** What a token of our own accounts must be, to the letter: koa-jwt's defaults accept far more. */
export const accountTokens = {
  issuer: 'shelfwise',
  audience: 'shelfwise',
  algorithm: 'ES256',
  /** Nothing revokes a token, so it lives shortly. */
  lifetimeSeconds: 15 * 60,
} as const;

/** `role` is what older versions know: they may run beside this one, and each takes the other's tokens. */
const claimsSchema = z.object({
  sub: z.string().min(1),
  name: z.string().min(1),
  roles: z.array(roleSchema).min(1).optional(),
  role: z.enum(['admin', 'user']).optional(),
});

/** The one role of older versions that comes nearest: their users may predict, and no more. */
export const olderRole = (roles: readonly Role[]) => (roles.includes('admin') ? 'admin' : 'user');

/** The roles that stand for an older version's. */
export const rolesOfOlder = (role: 'admin' | 'user'): Role[] =>
  role === 'admin' ? ['admin'] : ['predict'];

/** A signed token for an account. Throws when the ring holds no key to sign with. */
export async function issueToken(
  keys: KeyRing,
  { id, name, roles }: Pick<Caller, 'id' | 'name' | 'roles'>,
): Promise<string> {
  const { kid, privateKey } = keys.signer();
  return new SignJWT({ name, roles, role: olderRole(roles) })
    .setProtectedHeader({ alg: accountTokens.algorithm, kid, typ: 'JWT' })
    .setIssuer(accountTokens.issuer)
    .setAudience(accountTokens.audience)
    .setSubject(id)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${accountTokens.lifetimeSeconds}s`)
    .sign(privateKey);
}

/** The account that verified claims speak of, or undefined where they lack something. */
export function accountOf(claims: unknown): Caller | undefined {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) return undefined;
  const { sub, name, role } = parsed.data;
  const roles = parsed.data.roles ?? (role && rolesOfOlder(role));
  return roles && { kind: 'account', id: sub, name, roles };
}
