import type { KeyObject } from 'node:crypto';
import type { Caller } from '@shelfwise/inference-contract';
import koaJwt from 'koa-jwt';
import { Problem } from '../http/problems.ts';
import type { Context, Middleware } from '../http/state.ts';
import { accountOf, accountTokens } from './account-tokens.ts';
import { unauthenticated } from './authorise.ts';
import { checkLifetime, reasonOf, unverifiedIssuer } from './claims.ts';
import type { ClusterIssuer } from './cluster-issuer.ts';
import type { KeyRing } from './key-ring.ts';
import {
  namespaceAllowed,
  serviceAccountOf,
  serviceAccountTokens,
} from './service-account-tokens.ts';

export interface AuthenticateSettings {
  /** Keys of our own accounts; undefined where the service has none. */
  keys: KeyRing | undefined;
  /** The cluster's; undefined outside a cluster. */
  cluster: ClusterIssuer | undefined;
  /** Namespaces whose ServiceAccounts may call. */
  namespaces: readonly string[];
}

/** Clocks of the cluster's machines and ours differ a little. */
const clockToleranceSeconds = 10;

/** What koa-jwt passes on to jsonwebtoken; its own types lack maxAge and keys that are objects. */
interface Verification {
  secret: (header: { kid?: string }) => Promise<KeyObject>;
  algorithms: string[];
  issuer: string;
  audience: string;
  maxAge: number;
  clockTolerance: number;
}

const noop = () => Promise.resolve();

/**
 * Lets only those through who bear a valid token, and leaves them in `ctx.state.caller`. The token's issuer
 * decides by which rules and keys it is verified, so that a key of one can never vouch for the other's tokens.
 * Throws `unauthenticated`, `forbidden` (namespace) or `keys-unavailable`.
 */
export function authenticate({ keys, cluster, namespaces }: AuthenticateSettings): Middleware {
  const forAccounts =
    keys &&
    verifier({
      secret: async ({ kid }) => keyOr(kid === undefined ? undefined : keys.publicKey(kid)),
      algorithms: [accountTokens.algorithm],
      issuer: accountTokens.issuer,
      audience: accountTokens.audience,
      maxAge: accountTokens.lifetimeSeconds,
      clockTolerance: clockToleranceSeconds,
    });

  const forCluster = (issuer: string, of: ClusterIssuer) =>
    verifier({
      secret: async ({ kid }) => keyOr(kid === undefined ? undefined : await of.key(kid)),
      algorithms: serviceAccountTokens.algorithms,
      issuer,
      audience: serviceAccountTokens.audience,
      maxAge: serviceAccountTokens.lifetimeSeconds,
      clockTolerance: clockToleranceSeconds,
    });
  let clusterVerifier: { issuer: string; verify: Middleware } | undefined;

  async function verify(ctx: Context): Promise<Caller | undefined> {
    const issuer = unverifiedIssuer(ctx.get('Authorization'));
    if (issuer === undefined) throw new Error('jwt malformed');
    if (issuer === accountTokens.issuer && forAccounts) {
      const claims = await run(ctx, forAccounts);
      checkLifetime(claims, accountTokens.lifetimeSeconds, clockToleranceSeconds);
      return accountOf(claims);
    }
    const ours = cluster && (await cluster.issuer());
    if (cluster && ours === undefined) throw keysUnavailable();
    if (!cluster || ours === undefined || issuer !== ours) throw new Error('jwt issuer invalid');
    if (clusterVerifier?.issuer !== ours)
      clusterVerifier = { issuer: ours, verify: forCluster(ours, cluster) };
    const claims = await run(ctx, clusterVerifier.verify);
    checkLifetime(claims, serviceAccountTokens.lifetimeSeconds, clockToleranceSeconds);
    const account = serviceAccountOf(claims);
    if (account && !namespaceAllowed(namespaces, account.namespace))
      throw wrongNamespace(account.namespace);
    return account?.caller;
  }

  return async (ctx, next) => {
    const header = ctx.get('Authorization');
    if (header === '') throw unauthenticated();
    if (!/^Bearer \S+$/i.test(header)) throw refused(new Error('Bad Authorization'));
    let caller: Caller | undefined;
    try {
      caller = await verify(ctx);
    } catch (error) {
      throw error instanceof Problem ? error : refused(error);
    }
    if (!caller) throw refused(new Error('claims are missing'));
    ctx.state.caller = caller;
    return next();
  };
}

function verifier(verification: Verification): Middleware {
  return koaJwt({
    ...verification,
    key: 'claims',
  } as unknown as koaJwt.Options) as unknown as Middleware;
}

async function run(ctx: Context, verify: Middleware): Promise<unknown> {
  await verify(ctx as Parameters<Middleware>[0], noop);
  return (ctx.state as { claims?: unknown }).claims;
}

function keyOr(key: KeyObject | undefined): KeyObject {
  if (!key) throw new Error('no key has this kid');
  return key;
}

function refused(error: unknown): Problem {
  const reason = reasonOf(error);
  return new Problem('unauthenticated', `The token is not accepted: ${reason}.`, {
    part: 'Authorization',
    headers: {
      'WWW-Authenticate': `Bearer realm="shelfwise", error="invalid_token", error_description="${reason}"`,
    },
    cause: error,
  });
}

function keysUnavailable(): Problem {
  return new Problem(
    'keys-unavailable',
    "The cluster's keys could not be fetched yet: try again in a moment.",
    {
      retryAfter: 2,
    },
  );
}

function wrongNamespace(namespace: string): Problem {
  const detail = `ServiceAccounts of the namespace ${namespace} may not call this service: have the namespace added to spec.serving.auth.serviceAccountNamespaces.`;
  return new Problem('forbidden', detail, { part: 'Authorization' });
}
