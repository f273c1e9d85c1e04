import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from '../http/problems.ts';

export interface LoginLimits {
  /** Failed attempts in a minute for one name from one address. */
  perNameAndAddress: number;
  /** Failed attempts in a minute from one address, whatever the names. */
  perAddress: number;
}

export const loginLimits: LoginLimits = { perNameAndAddress: 5, perAddress: 50 };

/**
 * Counts attempts before they are checked, so that a burst cannot slip through, and forgets those that succeeded. A name is
 * counted together with the address: by name alone, anyone could lock anyone out.
 */
export function createLoginLimit(limits: LoginLimits = loginLimits) {
  const byBoth = new RateLimiterMemory({
    points: limits.perNameAndAddress,
    duration: 60,
    keyPrefix: 'both',
  });
  const byAddress = new RateLimiterMemory({
    points: limits.perAddress,
    duration: 60,
    keyPrefix: 'address',
  });
  const both = (username: string, address: string) => `${address} ${username}`;
  return {
    /** Throws `too-many-logins` with Retry-After. */
    async attempt(username: string, address: string): Promise<void> {
      try {
        await byAddress.consume(address);
        await byBoth.consume(both(username, address));
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        const detail = 'Too many attempts to log in failed: wait for the time in Retry-After.';
        throw new Problem('too-many-logins', detail, { retryAfter: error.msBeforeNext / 1000 });
      }
    },
    /** Takes an attempt back that nobody could judge: an outage is not the caller's failure. */
    async unjudged(username: string, address: string): Promise<void> {
      await byBoth.reward(both(username, address));
      await byAddress.reward(address);
    },
    async succeeded(username: string, address: string): Promise<void> {
      await byBoth.delete(both(username, address));
      await byAddress.reward(address);
    },
  };
}

export type LoginLimit = ReturnType<typeof createLoginLimit>;
