import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import * as z from 'zod';

export const keySetSchema = z.object({
  keys: z.array(z.looseObject({ kid: z.string().optional(), use: z.string().optional() })),
});
type Jwk = z.infer<typeof keySetSchema>['keys'][number];

export interface RemoteIssuerSettings {
  /** Its name and public keys as it tells them now. */
  load(): Promise<{ issuer: string; keys: Jwk[] }>;
  /** For the log: "the cluster". */
  name: string;
  log: Logger;
  now?: () => number;
}

interface Key {
  text: string;
  key: KeyObject;
}
interface Known {
  issuer: string;
  keys: Map<string, Key>;
  since: number;
}

/**
 * An unknown kid asks again at most this often: anyone can send unknown kids. However many come, a key that the issuer has
 * published is known this long after it at the latest.
 */
const shortestRefreshMs = 2_000;
/** While nothing is known yet, no token can be verified: worth asking more often. */
const firstRetryMs = 1_000;
/** Keys that the issuer has withdrawn are forgotten after this time. */
const longestAgeMs = 10 * 60_000;

/**
 * Someone else's issuer and public keys: fetched when first needed, kept, fetched anew for an unknown kid and now and then.
 * While the issuer is gone, the known keys serve on.
 */
export function createRemoteIssuer({ load, name, log, now = Date.now }: RemoteIssuerSettings) {
  let known: Known | undefined;
  let tried = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    try {
      const { issuer, keys } = await load();
      known = { issuer, keys: importKeys(keys), since: now() };
    } catch (err) {
      log.warn({ err }, `the issuer and keys of ${name} could not be fetched`);
    } finally {
      refreshing = undefined;
    }
  }

  /** Keys that are as they were stay the same objects, so that what was verified with them is known to hold. */
  function importKeys(jwks: readonly Jwk[]): Map<string, Key> {
    const keys = new Map<string, Key>();
    for (const jwk of jwks) {
      if (!jwk.kid || (jwk.use !== undefined && jwk.use !== 'sig')) continue;
      const text = JSON.stringify(jwk);
      const before = known?.keys.get(jwk.kid);
      try {
        const same = before?.text === text;
        const key = same ? before.key : createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
        keys.set(jwk.kid, { text, key });
      } catch (err) {
        log.warn(
          { err, kid: jwk.kid },
          `a key of ${name} is of a kind that is not known here; its tokens are refused`,
        );
      }
    }
    return keys;
  }

  /** One fetch at a time, and not again within the shortest pause. */
  function refresh(): Promise<void> {
    if (refreshing) return refreshing;
    if (now() - tried < (known ? shortestRefreshMs : firstRetryMs)) return Promise.resolve();
    tried = now();
    refreshing = fetchKeys();
    return refreshing;
  }

  const areOld = () => known !== undefined && now() - known.since > longestAgeMs;

  return {
    /** Its name, fetched if it is not known yet; undefined while it does not answer. */
    async issuer(): Promise<string | undefined> {
      if (!known) await refresh();
      return known?.issuer;
    },

    /** The key of that kid, or undefined when there is none such; keys that were fetched long ago are fetched anew first. */
    async key(kid: string): Promise<KeyObject | undefined> {
      if (!known?.keys.has(kid)) {
        await refresh();
      } else if (areOld()) {
        // Who finds them old first waits. While the issuer is gone, the others don't, or it would hold up every token.
        const first = now() - tried > longestAgeMs;
        const fetched = refresh();
        if (first) await fetched;
      }
      return known?.keys.get(kid)?.key;
    },

    /** Whether that is the key of that kid, as far as it is known now; has it fetched anew where that was long ago. */
    stillHas(kid: string, key: KeyObject): boolean {
      if (areOld()) void refresh();
      return known?.keys.get(kid)?.key === key;
    },

    isKnown: () => known !== undefined,
    refresh,
  };
}

export type RemoteIssuer = ReturnType<typeof createRemoteIssuer>;
