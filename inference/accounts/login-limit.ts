import { Problem } from '../http/problems.ts';
import { createWindow } from './window.ts';

export interface LoginLimits {
  /** Failed attempts in a minute for one name from one address. */
  perNameAndAddress: number;
  /** Failed attempts in a minute from one address, whatever the names. */
  perAddress: number;
  /** Failed attempts in a minute for one name from addresses from which it has not logged in lately. */
  perName: number;
}

const loginLimits: LoginLimits = { perNameAndAddress: 5, perAddress: 50, perName: 100 };

const minuteMs = 60_000;
/** Addresses that a name came from lately: strangers who use up the name's attempts do not lock these out. */
const rememberedMs = 24 * 3_600_000;

/**
 * Counts attempts before they are checked, so that a burst cannot slip through, and forgets those that succeeded. A name is
 * counted together with the address first: by name alone, anyone could lock anyone out.
 */
export function createLoginLimit(limits: LoginLimits = loginLimits, now: () => number = Date.now) {
  const byAddress = createWindow(limits.perAddress, minuteMs, now);
  const byBoth = createWindow(limits.perNameAndAddress, minuteMs, now);
  const byName = createWindow(limits.perName, minuteMs, now);
  const welcome = createWindow(1, rememberedMs, now);
  const both = (username: string, address: string) => `${address} ${username}`;
  return {
    /** Throws `too-many-logins` with Retry-After. */
    attempt(username: string, address: string): void {
      const pair = both(username, address);
      const waitMs =
        byAddress.take(address) ||
        byBoth.take(pair) ||
        (welcome.holds(pair) ? 0 : byName.take(username));
      if (waitMs > 0) throw tooManyLogins(waitMs);
    },
    /** The milliseconds until the address may try again, whatever the name; 0 where it may. */
    waitOf: byAddress.waitOf,
    /** Takes an attempt back that nobody could judge: an outage is not the caller's failure. */
    unjudged(username: string, address: string): void {
      byBoth.giveBack(both(username, address));
      byAddress.giveBack(address);
      byName.giveBack(username);
    },
    /** The same where too many others log in at the time; the address keeps it, or a flood from there would never be over its limit. */
    crowdedOut(username: string, address: string): void {
      byBoth.giveBack(both(username, address));
      byName.giveBack(username);
    },
    succeeded(username: string, address: string): void {
      const pair = both(username, address);
      byBoth.forget(pair);
      byAddress.giveBack(address);
      byName.giveBack(username);
      welcome.take(pair);
    },
  };
}

export type LoginLimit = ReturnType<typeof createLoginLimit>;

export function tooManyLogins(waitMs: number): Problem {
  const detail = 'Too many attempts to log in failed: wait for the time in Retry-After.';
  return new Problem('too-many-logins', detail, { retryAfter: waitMs / 1000 });
}
