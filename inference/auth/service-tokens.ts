import { hash, randomBytes } from 'node:crypto';
import type { Caller, Role } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';

/** A service token as it is kept: the token itself is not. */
export interface ServiceToken {
  id: string;
  name: string;
  /** SHA-256 of the token, hex. The token is 256 random bits: nothing slower is needed. */
  hash: string;
  roles: readonly Role[];
  /** Milliseconds since the epoch. */
  expiresAt: number | undefined;
}

export interface ServiceTokenSettings {
  /** Has the database tell all tokens (calls `learn`). Never rejects. */
  refresh(): Promise<void>;
  now?: () => number;
}

/** Tokens that the database vouched for are taken this long without it: as long as a JWT lives. */
const longestWithoutDatabaseMs = 15 * 60_000;
/** The list is read every two seconds: after this time the database is gone, and an unknown token may be a new one. */
const longestSilenceMs = 10_000;
/** Unknown tokens have the list fetched anew this often, however many come: five after a quiet time, then one a second. */
const refreshes = { burst: 5, everyMs: 1_000 };

/** A new token, its hash, and the part of it that people recognise it by. */
export function makeServiceToken() {
  const token = `sw_${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashOf(token), prefix: token.slice(0, 9) };
}

const hashOf = (token: string) => hash('sha256', token, 'hex');
const form = /^sw_[A-Za-z0-9_-]{43}$/;

/**
 * The service tokens there are, by heart: all of them, which a limit keeps few, so that a made-up token costs a hash and no query.
 * A token that was made on another replica a moment ago is found by fetching the list anew.
 */
export function createServiceTokens({ refresh, now = Date.now }: ServiceTokenSettings) {
  let known = new Map<string, ServiceToken>();
  let learntAt = Number.NEGATIVE_INFINITY;
  let refreshesLeft: number = refreshes.burst;
  let refreshedAt = now();
  let used = new Map<string, number>();

  async function lookUp(key: string): Promise<ServiceToken | undefined> {
    const found = known.get(key);
    if (found || !mayRefresh()) return found;
    await refresh();
    return known.get(key);
  }

  const isOver = ({ expiresAt }: ServiceToken) => expiresAt !== undefined && expiresAt <= now();
  const silenceMs = () => now() - learntAt;

  function mayRefresh(): boolean {
    const gained = (now() - refreshedAt) / refreshes.everyMs;
    refreshedAt = now();
    refreshesLeft = Math.min(refreshes.burst, refreshesLeft + gained);
    if (refreshesLeft < 1) return false;
    refreshesLeft--;
    return true;
  }

  return {
    /** Replaces the list by what the database has now. */
    learn(tokens: readonly ServiceToken[]): void {
      known = new Map(tokens.map((token) => [token.hash, token]));
      learntAt = now();
    },
    /** The machine that bears the token; undefined for none. Throws `database-unavailable` where that cannot be known. */
    async callerOf(token: string): Promise<Caller | undefined> {
      if (!form.test(token)) return undefined;
      const found = await lookUp(hashOf(token));
      const patience = found ? longestWithoutDatabaseMs : longestSilenceMs;
      if (silenceMs() > patience) throw unknowable();
      if (!found || isOver(found)) return undefined;
      const { id, name, roles } = found;
      used.set(id, now());
      return { kind: 'serviceToken', id, name, roles };
    },
    /** Whether a token that passed once would still do, by the list as it is. */
    holds(token: string): boolean {
      const found = known.get(hashOf(token));
      return found !== undefined && !isOver(found) && silenceMs() <= longestWithoutDatabaseMs;
    },
    /** When each was used last, since this was asked before. */
    takeUses(): Map<string, number> {
      const uses = used;
      used = new Map();
      return uses;
    },
  };
}

export type ServiceTokens = ReturnType<typeof createServiceTokens>;

function unknowable(): Problem {
  const detail =
    'Service tokens cannot be checked while the database does not answer: try again in a moment.';
  return new Problem('database-unavailable', detail, { retryAfter: 5 });
}
