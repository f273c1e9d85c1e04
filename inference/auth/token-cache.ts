import { hash } from 'node:crypto';
import type { Verified } from './verify.ts';

/** Some 500 bytes each. */
const capacity = 10_000;

/**
 * Tokens that were verified, by their SHA-256, so that a caller's next request costs no signature: that is most of what
 * a prediction takes of the main thread. Only what passed is kept, and each use asks whether it still holds.
 */
export function createTokenCache() {
  const known = new Map<string, Verified>();
  return {
    /** What the token was found to be, if it still is. */
    get(token: string): Verified | undefined {
      const key = keyOf(token);
      const verified = known.get(key);
      if (!verified) return undefined;
      if (verified.holds()) return verified;
      known.delete(key);
      return undefined;
    },
    put(token: string, verified: Verified): void {
      if (known.size >= capacity) known.delete(known.keys().next().value as string);
      known.set(keyOf(token), verified);
    },
  };
}

const keyOf = (token: string) => hash('sha256', token, 'base64');
