import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { KeyRing } from '../auth/key-ring.ts';
import { createRevocations } from '../auth/revocations.ts';
import { createServiceTokens } from '../auth/service-tokens.ts';
import type { Database } from '../database/database.ts';
import { shareKeyAges } from './key-ages.ts';
import type { Passwords } from './passwords.ts';
import { forgetExpiredRevocations, readRevocations } from './revoke.ts';
import { readServiceTokens, recordUses } from './service-tokens.ts';

export interface AccountsSettings {
  database: Database;
  passwords: Passwords;
  /** Undefined where the service has no accounts of its own, but service tokens. */
  keys: KeyRing | undefined;
  log: Logger;
}

/** What was revoked elsewhere holds here after this time. */
const refreshMs = 2_000;
/** After a longer silence all revocations are read, not what is new alone. */
const recentMs = 20_000;
const tidyMs = 60_000;

/**
 * What every replica knows of the accounts by heart, so that no request asks the database who may call: revocations, service
 * tokens and the ages of token keys, read every two seconds. While the database is gone, what is known goes on.
 */
export function openAccounts({ database, passwords, keys, log }: AccountsSettings) {
  const revocations = createRevocations();
  const serviceTokens = createServiceTokens({ refresh: () => refresh() });
  let readAt = Number.NEGATIVE_INFINITY;
  let tidiedAt = performance.now();
  let knownKeys = '';
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function read(knex: Knex): Promise<void> {
    const recent = performance.now() - readAt < recentMs;
    const startedAt = performance.now();
    revocations.add(await readRevocations(knex, recent));
    serviceTokens.learn(await readServiceTokens(knex));
    readAt = startedAt;
    if (keys) await noteKeys(knex, keys);
    if (performance.now() - tidiedAt > tidyMs) await tidy(knex);
  }

  /** Only when the folder holds others than before. */
  async function noteKeys(knex: Knex, ring: KeyRing): Promise<void> {
    const present = ring.all().map(({ thumbprint }) => thumbprint);
    if (present.join() === knownKeys) return;
    await shareKeyAges(knex, ring);
    knownKeys = present.join();
  }

  async function tidy(knex: Knex): Promise<void> {
    tidiedAt = performance.now();
    revocations.forgetExpired();
    await forgetExpiredRevocations(knex);
    await recordUses(knex, serviceTokens.takeUses());
  }

  async function readNow(): Promise<void> {
    if (!database.ready()) return;
    await database
      .query(read)
      .catch((err: unknown) => log.debug({ err }, 'what was revoked could not be read'));
  }

  /** One at a time; whoever asks meanwhile waits for the next one, which sees what was written before it begins. */
  function refresh(): Promise<void> {
    if (next) return next;
    if (!current) {
      current = readNow().finally(() => {
        current = undefined;
      });
      return current;
    }
    next = current.then(() => {
      next = undefined;
      return refresh();
    });
    return next;
  }

  const timer = setInterval(() => void (current ?? refresh()), refreshMs).unref();
  return {
    database,
    passwords,
    revocations,
    serviceTokens,
    /** Reads at once what every replica reads every two seconds. Never rejects. */
    refresh,
    async close(): Promise<void> {
      clearInterval(timer);
      await (next ?? current);
      await passwords.close();
    },
  };
}

export type Accounts = ReturnType<typeof openAccounts>;
