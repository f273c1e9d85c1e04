import { randomUUID } from 'node:crypto';
import { roleSchema } from '@shelfwise/inference-contract';
import { SignJWT } from 'jose';
import * as z from 'zod';
import type { Caller } from './caller.ts';
import type { KeyRing } from './key-ring.ts';

/** What a token of our own accounts must be, to the letter: koa-jwt's defaults accept far more. */
export const accountTokens = {
  issuer: 'shelfwise',
  audience: 'shelfwise',
  algorithm: 'ES256',
  /** Nothing revokes a token, so it lives shortly. */
  lifetimeSeconds: 15 * 60,
} as const;

const claimsSchema = z.object({
  sub: z.string().min(1),
  name: z.string().min(1),
  role: roleSchema,
});

type Account = Extract<Caller, { kind: 'account' }>;

/** A signed token for an account. Throws when the ring holds no key to sign with. */
export async function issueToken(keys: KeyRing, account: Omit<Account, 'kind'>): Promise<string> {
  const { kid, privateKey } = keys.signer();
  return new SignJWT({ name: account.username, role: account.role })
    .setProtectedHeader({ alg: accountTokens.algorithm, kid, typ: 'JWT' })
    .setIssuer(accountTokens.issuer)
    .setAudience(accountTokens.audience)
    .setSubject(account.id)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${accountTokens.lifetimeSeconds}s`)
    .sign(privateKey);
}

/** The account that verified claims speak of, or undefined where they lack something. */
export function accountOf(claims: unknown): Account | undefined {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) return undefined;
  const { sub, name, role } = parsed.data;
  return { kind: 'account', id: sub, username: name, role };
}
