import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import * as z from 'zod';

/** Where the cluster says who signs its ServiceAccounts' tokens. */
export interface IssuerSource {
  /** The JSON at a path of the apiserver. Rejects when it does not answer with 200. */
  get(path: string): Promise<unknown>;
}

const discoverySchema = z.object({ issuer: z.string().min(1) });
const keySetSchema = z.object({
  keys: z.array(z.looseObject({ kid: z.string().optional(), use: z.string().optional() })),
});

interface Known {
  issuer: string;
  keys: Map<string, KeyObject>;
  since: number;
}

/** An unknown kid asks the apiserver again at most this often: anyone can send unknown kids. */
const shortestRefreshMs = 10_000;
/** While nothing is known yet, no token can be verified: worth asking more often. */
const firstRetryMs = 1_000;
/** Keys that the cluster has withdrawn are forgotten after this time. */
const longestAgeMs = 10 * 60_000;

/**
 * The issuer and public keys of the cluster's ServiceAccount tokens, from the apiserver: fetched when first
 * needed, kept, fetched anew for an unknown kid and now and then. While the apiserver is gone, the known keys serve on.
 */
export function createClusterIssuer(
  source: IssuerSource,
  log: Logger,
  now: () => number = Date.now,
) {
  let known: Known | undefined;
  let tried = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    try {
      // The keys come from the apiserver's own path: jwks_uri may name an address that pods cannot reach.
      const [discovery, keySet] = await Promise.all([
        source
          .get('/.well-known/openid-configuration')
          .then((value) => discoverySchema.parse(value)),
        source.get('/openid/v1/jwks').then((value) => keySetSchema.parse(value)),
      ]);
      known = { issuer: discovery.issuer, keys: importKeys(keySet.keys, log), since: now() };
    } catch (err) {
      log.warn(
        { err },
        "the cluster's issuer and keys of ServiceAccount tokens could not be fetched",
      );
    } finally {
      refreshing = undefined;
    }
  }

  /** One fetch at a time, and not again within the shortest pause. */
  function refresh(): Promise<void> {
    if (refreshing) return refreshing;
    if (now() - tried < (known ? shortestRefreshMs : firstRetryMs)) return Promise.resolve();
    tried = now();
    refreshing = fetchKeys();
    return refreshing;
  }

  return {
    /** The cluster's issuer, fetched if it is not known yet; undefined while the apiserver does not answer. */
    async issuer(): Promise<string | undefined> {
      if (!known) await refresh();
      return known?.issuer;
    },

    /** The key of that kid, or undefined when the cluster has none such. */
    async key(kid: string): Promise<KeyObject | undefined> {
      if (!known?.keys.has(kid)) await refresh();
      else if (now() - known.since > longestAgeMs) void refresh();
      return known?.keys.get(kid);
    },

    isKnown: () => known !== undefined,
    refresh,
  };
}

export type ClusterIssuer = ReturnType<typeof createClusterIssuer>;

function importKeys(
  jwks: z.infer<typeof keySetSchema>['keys'],
  log: Logger,
): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const jwk of jwks) {
    if (!jwk.kid || (jwk.use !== undefined && jwk.use !== 'sig')) continue;
    try {
      keys.set(jwk.kid, createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
    } catch (err) {
      log.warn(
        { err, kid: jwk.kid },
        'a key of the cluster is of a kind that is not known here; its tokens are refused',
      );
    }
  }
  return keys;
}
