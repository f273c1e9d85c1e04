import type { Logger } from 'pino';
import * as z from 'zod';
import { createRemoteIssuer, keySetSchema, type RemoteIssuer } from './remote-issuer.ts';

/** Where the cluster says who signs its ServiceAccounts' tokens. */
export interface IssuerSource {
  /** The JSON at a path of the apiserver. Rejects when it does not answer with 200. */
  get(path: string): Promise<unknown>;
}

export type ClusterIssuer = RemoteIssuer;

const discoverySchema = z.object({ issuer: z.string().min(1) });

/** The issuer and public keys of the cluster's ServiceAccount tokens, from the apiserver. */
export function createClusterIssuer(
  source: IssuerSource,
  log: Logger,
  now: () => number = Date.now,
): ClusterIssuer {
  // The keys come from the apiserver's own path: jwks_uri may name an address that pods cannot reach.
  const load = async () => {
    const [discovery, keySet] = await Promise.all([
      source.get('/.well-known/openid-configuration'),
      source.get('/openid/v1/jwks'),
    ]);
    const { issuer } = discoverySchema.parse(discovery);
    return { issuer, keys: keySetSchema.parse(keySet).keys };
  };
  return createRemoteIssuer({ load, name: "the cluster's ServiceAccount tokens", log, now });
}
