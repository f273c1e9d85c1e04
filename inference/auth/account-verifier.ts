import type { KeyObject } from 'node:crypto';
import koaJwt from 'koa-jwt';
import type { Context, Middleware } from '../http/state.ts';
import type { Issuer } from './issuer.ts';
import { reasonOfKoaJwt, TokenError } from './reasons.ts';
import { toleranceSeconds } from './verify.ts';

/** What koa-jwt passes on to jsonwebtoken; its own types lack maxAge and keys that are objects. */
interface Verification {
  secret: (header: { kid?: string }) => Promise<KeyObject>;
  algorithms: readonly string[];
  issuer: string;
  audience: string;
  maxAge: number;
  clockTolerance: number;
  /** Where in the request's state the claims are left. */
  key: 'claims';
}

const noop = () => Promise.resolve();

/**
 * koa-jwt as the check of our own accounts' tokens: signature, algorithm, issuer, audience and times. It runs where a token is new
 * to this replica; one that it let through is known by its hash from then on (token-cache.ts). Its defaults accept far more than
 * these rules do, and what it never looks at is checked beside it, for every issuer alike (verify.ts): extensions in the header,
 * a token without an end, one that would live too long, one from the future, the caller's claims, and revocation, which has to be
 * asked for each request and not for each signature.
 */
export function accountVerifier({
  algorithms,
  issuer,
  audience,
  lifetimeSeconds,
  key,
}: Issuer): (ctx: Context) => Promise<Record<string, unknown>> {
  const verification: Verification = {
    async secret({ kid }) {
      const known = kid === undefined ? undefined : await key(kid);
      if (!known) throw new TokenError('no key here has its kid');
      return known;
    },
    algorithms,
    issuer,
    audience,
    maxAge: lifetimeSeconds,
    clockTolerance: toleranceSeconds,
    key: 'claims',
  };
  const middleware = koaJwt(verification as unknown as koaJwt.Options) as unknown as Middleware;
  return async (ctx) => {
    try {
      await middleware(ctx as Parameters<Middleware>[0], noop);
    } catch (error) {
      throw reasonOfKoaJwt(error) ?? error;
    }
    return (ctx.state as unknown as { claims: Record<string, unknown> }).claims;
  };
}
