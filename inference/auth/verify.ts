import type { KeyObject } from 'node:crypto';
import type { Caller } from '@shelfwise/inference-contract';
import { jwtVerify } from 'jose';
import type { FindIssuer, Issuer, TokenFacts } from './issuer.ts';
import { reasonOfJose, TokenError } from './reasons.ts';

export interface Verified {
  caller: Caller;
  facts: TokenFacts;
  /** Whether the token would still pass: not expired, not revoked, its key not withdrawn. Costs no cryptography. */
  holds(): boolean;
}

/** Clocks of the cluster's machines and ours differ a little. */
const toleranceSeconds = 10;
/** Tokens of people in many groups come to some 4 KB. */
const longestToken = 8 * 1024;

/**
 * Verifies a JWT. The issuer that it claims decides by which rules and keys, so that a key of one can never vouch for another's
 * tokens. Throws TokenError (why it is refused), or a Problem of the issuer's.
 */
export async function verifyToken(token: string, find: FindIssuer): Promise<Verified> {
  const issuer = await issuerOf(token, find);
  let used: { kid: string; key: KeyObject } | undefined;
  const { payload } = await jwtVerify(
    token,
    async ({ kid }) => {
      const key = kid === undefined ? undefined : await issuer.key(kid);
      if (kid === undefined || !key) throw new TokenError('no key here has its kid');
      used = { kid, key };
      return key;
    },
    {
      algorithms: [...issuer.algorithms],
      issuer: issuer.issuer,
      audience: issuer.audience,
      maxTokenAge: issuer.lifetimeSeconds,
      clockTolerance: toleranceSeconds,
      requiredClaims: ['exp', 'iat'],
      currentDate: new Date(Date.now()),
    },
  ).catch((error: unknown) => {
    throw reasonOfJose(error) ?? error;
  });
  const { iat, exp, jti } = payload as { iat: number; exp: number; jti?: string };
  if (exp - iat > issuer.lifetimeSeconds + toleranceSeconds)
    throw new TokenError('it would live longer than tokens may');
  const who = issuer.callerOf(payload);
  if (!who) throw new TokenError('it lacks claims that it needs');
  const facts = { id: jti, generation: who.generation ?? 0, expiresAt: exp };
  if (issuer.isRevoked?.(who.caller, facts)) throw new TokenError('it has been revoked');
  const { kid, key } = used as unknown as { kid: string; key: KeyObject };
  const end = (Math.min(exp, iat + issuer.lifetimeSeconds) + toleranceSeconds) * 1000;
  return {
    caller: who.caller,
    facts,
    holds: () =>
      Date.now() < end && issuer.stillHas(kid, key) && !issuer.isRevoked?.(who.caller, facts),
  };
}

/** The issuer that an unverified token claims. */
async function issuerOf(token: string, find: FindIssuer): Promise<Issuer> {
  if (token.length > longestToken) throw new TokenError(`it is longer than ${longestToken} bytes`);
  const parts = token.split('.');
  const claimed = parts.length === 3 ? claimedIssuer(parts[1] as string) : undefined;
  if (claimed === undefined) throw new TokenError('it is no JWT');
  if (parts[2] === '') throw new TokenError('it is not signed');
  const issuer = await find(claimed);
  if (!issuer) throw new TokenError('its issuer is not known here');
  return issuer;
}

function claimedIssuer(payload: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const issuer = (claims as { iss?: unknown } | null)?.iss;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}
