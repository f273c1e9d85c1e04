import type { KeyObject } from 'node:crypto';
import type { Caller } from '@shelfwise/inference-contract';
import { jwtVerify } from 'jose';
import * as z from 'zod';
import type { Context } from '../http/state.ts';
import type { FindIssuer, Issuer, TokenFacts } from './issuer.ts';
import { reasonOfJose, TokenError } from './reasons.ts';

export interface Verified {
  caller: Caller;
  facts: TokenFacts;
  /** Whether the token would still pass: not expired, not revoked, its key not withdrawn. Costs no cryptography. */
  holds(): boolean;
}

/** Clocks of the cluster's machines and ours differ a little. */
export const toleranceSeconds = 10;
/** Tokens of people in many groups come to some 4 KB. */
const longestToken = 8 * 1024;

/**
 * Verifies a JWT. The issuer that it claims decides by which rules and keys, so that a key of one can never vouch for another's
 * tokens. Throws TokenError (why it is refused), or a Problem of the issuer's.
 */
export async function verifyToken(
  token: string,
  find: FindIssuer,
  ctx: Context,
): Promise<Verified> {
  const { issuer, kid } = await unverified(token, find);
  const key = await issuer.key(kid);
  if (!key) throw new TokenError('no key here has its kid');
  const claims = await (issuer.verify ? issuer.verify(ctx) : verifyByJose(token, issuer, key));
  const { iat, exp, jti } = timesOf(claims);
  const { lifetimeSeconds } = issuer;
  if (exp - iat > lifetimeSeconds + toleranceSeconds)
    throw new TokenError('it would live longer than tokens may');
  if (iat > Date.now() / 1000 + toleranceSeconds)
    throw new TokenError('it was issued in the future');
  const who = issuer.callerOf(claims);
  if (!who) throw new TokenError('it lacks claims that it needs');
  const facts = { id: jti, generation: who.generation ?? 0, expiresAt: exp };
  if (issuer.isRevoked?.(who.caller, facts)) throw new TokenError('it has been revoked');
  const end = (Math.min(exp, iat + lifetimeSeconds) + toleranceSeconds) * 1000;
  return {
    caller: who.caller,
    facts,
    holds: () =>
      Date.now() < end && issuer.stillHas(kid, key) && !issuer.isRevoked?.(who.caller, facts),
  };
}

async function verifyByJose(token: string, issuer: Issuer, key: KeyObject) {
  const verified = jwtVerify(token, key, {
    algorithms: [...issuer.algorithms],
    issuer: issuer.issuer,
    audience: issuer.audience,
    maxTokenAge: issuer.lifetimeSeconds,
    clockTolerance: toleranceSeconds,
    requiredClaims: ['exp', 'iat'],
    currentDate: new Date(Date.now()),
  });
  const { payload } = await verified.catch((error: unknown) => {
    throw reasonOfJose(error) ?? error;
  });
  return payload;
}

const timesSchema = z.object({ iat: z.number(), exp: z.number(), jti: z.string().optional() });

function timesOf(claims: unknown): z.infer<typeof timesSchema> {
  const times = timesSchema.safeParse(claims);
  if (times.success) return times.data;
  const claim = times.error.issues[0]?.path[0];
  if (claim === 'jti') throw new TokenError('its claim jti is not what it has to be');
  throw new TokenError(
    claim === 'exp' ? 'it does not say when it ends' : 'it does not say when it was issued',
  );
}

/** By whom, and with which of their keys, an unverified token claims to be signed. */
async function unverified(
  token: string,
  find: FindIssuer,
): Promise<{ issuer: Issuer; kid: string }> {
  if (token.length > longestToken) throw new TokenError(`it is longer than ${longestToken} bytes`);
  const parts = token.split('.');
  const [header, claims] = parts.slice(0, 2).map(jsonOf);
  if (parts.length !== 3 || !header || !claims || typeof claims.iss !== 'string')
    throw new TokenError('it is no JWT');
  if (parts[2] === '') throw new TokenError('it is not signed');
  if (header.crit !== undefined || header.b64 !== undefined)
    throw new TokenError('its header asks for what is not supported here');
  const issuer = await find(claims.iss);
  if (!issuer) throw new TokenError('its issuer is not known here');
  if (typeof header.kid !== 'string') throw new TokenError('it has no kid to name its key by');
  return { issuer, kid: header.kid };
}

function jsonOf(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
