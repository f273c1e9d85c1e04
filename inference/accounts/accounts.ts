import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { answerTimeoutMs, openDatabase } from './database.ts';
import { type Credentials, ensureAdmin } from './first-admin.ts';
import { migrate } from './migrations.ts';
import type { Passwords } from './passwords.ts';

export interface AccountsSettings {
  databaseUrlFile: string;
  firstAdmin: Credentials | undefined;
  passwords: Passwords;
  log: Logger;
  /** Told on every change of the database's state. */
  onState?: (up: boolean) => void;
}

const checkEveryMs = 10_000;
const retryAfterMs = 1_000;

/**
 * The accounts' database, kept ready in the background: migrated and given its first admin as soon as it answers,
 * then checked now and then. It may come late or go away: predictions do not wait for it.
 */
export function openAccounts(settings: AccountsSettings) {
  const { firstAdmin, passwords, log, onState } = settings;
  const knex = openDatabase(settings.databaseUrlFile, log);
  let migrated = false;
  let up: boolean | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let checking: Promise<void> = Promise.resolve();

  async function check(): Promise<void> {
    try {
      if (migrated) await knex.raw('SELECT 1').timeout(answerTimeoutMs);
      else await prepare();
      note(true);
    } catch (err) {
      if (closed) return;
      note(false, err);
    }
    if (!closed) timer = setTimeout(start, up ? checkEveryMs : retryAfterMs).unref();
  }
  function start(): void {
    checking = check();
  }

  async function prepare(): Promise<void> {
    await migrate(knex);
    if (firstAdmin) await ensureAdmin(knex, passwords, firstAdmin);
    migrated = true;
  }

  function note(isUp: boolean, err?: unknown): void {
    if (isUp === up) return;
    up = isUp;
    if (isUp) log.info("the accounts' database is ready");
    else
      log.warn(
        { err },
        "the accounts' database does not answer: accounts are off, predictions go on",
      );
    onState?.(isUp);
  }

  start();
  return {
    /** The database if it is migrated and answered lately, else undefined. */
    ready: (): Knex | undefined => (migrated && up ? knex : undefined),
    passwords,
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await knex.destroy();
      await checking;
    },
  };
}

export type Accounts = ReturnType<typeof openAccounts>;
