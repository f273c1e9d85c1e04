import type { Caller } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';
import type { Context, Middleware } from '../http/state.ts';
import { accountIssuer } from './account-tokens.ts';
import { unauthenticated } from './authorise.ts';
import { bearerToken } from './bearer.ts';
import type { ClusterIssuer } from './cluster-issuer.ts';
import type { FindIssuer } from './issuer.ts';
import type { KeyRing } from './key-ring.ts';
import type { OidcIssuer } from './oidc.ts';
import { TokenError } from './reasons.ts';
import type { Revocations } from './revocations.ts';
import { type AllowedServiceAccounts, serviceAccountIssuer } from './service-account-tokens.ts';
import type { ServiceTokens } from './service-tokens.ts';
import { createTokenCache } from './token-cache.ts';
import { verifyToken } from './verify.ts';

export interface AuthenticateSettings extends AllowedServiceAccounts {
  /** Keys of our own accounts; undefined where the service has none. */
  keys: KeyRing | undefined;
  /** Which of our own accounts' tokens do not hold any more; undefined where nobody could revoke them. */
  revocations?: Revocations | undefined;
  /** Undefined where the service has no database. */
  serviceTokens?: ServiceTokens | undefined;
  /** Undefined where no OpenID Connect issuer is configured. */
  oidc?: OidcIssuer | undefined;
  /** The cluster's; undefined outside a cluster. */
  cluster: ClusterIssuer | undefined;
}

/**
 * Lets only those through who bear a valid token, and leaves them in `ctx.state.caller`, with `ctx.state.holds` for as long as they stay.
 * Throws `unauthenticated`, `forbidden` (a ServiceAccount that may not call) or `keys-unavailable`.
 */
export function authenticate(settings: AuthenticateSettings): Middleware {
  const { serviceTokens } = settings;
  const find = issuers(settings);
  const cache = createTokenCache();

  async function verified(token: string, ctx: Context) {
    const known = cache.get(token);
    if (known) return known;
    const fresh = await verifyToken(token, find, ctx);
    cache.put(token, fresh);
    return fresh;
  }

  return async (ctx, next) => {
    try {
      const token = bearerToken(ctx.req);
      if (token === undefined) throw unauthenticated();
      if (token.startsWith('sw_')) {
        ctx.state.caller = await serviceCaller(token, serviceTokens);
        ctx.state.holds = () => serviceTokens?.holds(token) ?? false;
      } else {
        const { caller, facts, holds } = await verified(token, ctx);
        ctx.state.caller = caller;
        ctx.state.holds = holds;
        ctx.state.token = facts;
      }
    } catch (error) {
      throw error instanceof TokenError ? refused(error) : error;
    }
    return next();
  };
}

async function serviceCaller(token: string, known: ServiceTokens | undefined): Promise<Caller> {
  const caller = await known?.callerOf(token);
  if (!caller) throw new TokenError('it is no service token of this service');
  return caller;
}

/** Who is asked about a token, by the issuer that it claims. */
function issuers({
  keys,
  revocations,
  oidc,
  cluster,
  ...allowed
}: AuthenticateSettings): FindIssuer {
  const accounts = keys && accountIssuer(keys, revocations);
  const serviceAccounts = cluster && serviceAccountIssuer(cluster, allowed);
  return async (iss) => {
    if (iss === accounts?.issuer) return accounts;
    if (iss === oidc?.rules.issuer) return oidc.rules;
    return serviceAccounts?.(iss);
  };
}

function refused(error: TokenError): Problem {
  const reason = error.message;
  return new Problem('unauthenticated', `The token is not accepted: ${reason}.`, {
    part: 'Authorization',
    headers: {
      'WWW-Authenticate': `Bearer realm="shelfwise", error="invalid_token", error_description="${reason}"`,
    },
    cause: error,
  });
}
