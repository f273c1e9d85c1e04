import { randomUUID } from 'node:crypto';
import { type Caller, type Role, roleSchema } from '@shelfwise/inference-contract';
import { SignJWT } from 'jose';
import * as z from 'zod';
import { accountVerifier } from './account-verifier.ts';
import type { Issuer } from './issuer.ts';
import type { KeyRing } from './key-ring.ts';
import type { Revocations } from './revocations.ts';

/** What a token of our own accounts must be, to the letter. */
export const accountTokens = {
  issuer: 'shelfwise',
  audience: 'shelfwise',
  algorithm: 'ES256',
  /** While the database is gone nothing can be revoked, so a token lives shortly. */
  lifetimeSeconds: 15 * 60,
} as const;

/** `role` is what older versions know: they may run beside this one, and each takes the other's tokens. */
const claimsSchema = z.object({
  sub: z.string().min(1),
  name: z.string().min(1),
  roles: z.array(roleSchema).min(1).optional(),
  role: z.enum(['admin', 'user']).optional(),
  gen: z.int().min(0).default(0),
});

/** The one role of older versions that comes nearest: their users may predict, and no more. */
export const olderRole = (roles: readonly Role[]) => (roles.includes('admin') ? 'admin' : 'user');

/** The roles that stand for an older version's. */
export const rolesOfOlder = (role: 'admin' | 'user'): Role[] =>
  role === 'admin' ? ['admin'] : ['predict'];

/** Whom a token is for; its generation is the account's at that time. */
export interface Bearer extends Pick<Caller, 'id' | 'name' | 'roles'> {
  generation?: number;
}

/** A signed token for an account. Throws when the ring holds no key to sign with. */
export async function issueToken(
  keys: KeyRing,
  { id, name, roles, generation = 0 }: Bearer,
): Promise<string> {
  const { kid, privateKey } = keys.signer();
  return new SignJWT({ name, roles, role: olderRole(roles), gen: generation })
    .setProtectedHeader({ alg: accountTokens.algorithm, kid, typ: 'JWT' })
    .setIssuer(accountTokens.issuer)
    .setAudience(accountTokens.audience)
    .setSubject(id)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${accountTokens.lifetimeSeconds}s`)
    .sign(privateKey);
}

/** Our own accounts as the issuer of their tokens. */
export function accountIssuer(keys: KeyRing, revocations: Revocations | undefined): Issuer {
  const { issuer, audience, algorithm, lifetimeSeconds } = accountTokens;
  const rules: Issuer = {
    issuer,
    audience,
    algorithms: [algorithm],
    lifetimeSeconds,
    key: keys.publicKey,
    stillHas: keys.stillHas,
    callerOf(claims) {
      const parsed = claimsSchema.safeParse(claims);
      if (!parsed.success) return undefined;
      const { sub, name, role, gen } = parsed.data;
      const roles = parsed.data.roles ?? (role && rolesOfOlder(role));
      return roles && { caller: { kind: 'account', id: sub, name, roles }, generation: gen };
    },
    isRevoked: ({ id }, facts) => revocations?.isRevoked(id, facts.generation, facts.id) ?? false,
  };
  return { ...rules, verify: accountVerifier(rules) };
}
