import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { Problem } from '../http/problems.ts';
import { migrate } from './migrate.ts';
import { openPool } from './pool.ts';
import { isUnavailable } from './unavailable.ts';

export interface DatabaseSettings {
  /** A file that holds the address: postgres://USER:PASSWORD@HOST:PORT/DATABASE. */
  urlFile: string;
  /** What must be there before anybody uses the database, such as the first admin; run once, in this order, after the migrations. */
  prepare?: readonly ((knex: Knex) => Promise<void>)[];
  log: Logger;
}

const checkEveryMs = 10_000;
const retryAfterMs = 1_000;
/** Longer than any step of the schema may take. */
const migrationTimeoutMs = 11 * 60_000;

/**
 * The service's database, kept ready in the background: migrated and prepared as soon as it answers, then checked now and
 * then. It may come late or go away: predictions do not wait for it.
 */
export function openDatabase({ urlFile, prepare = [], log }: DatabaseSettings) {
  const knex = openPool(urlFile, log);
  let prepared = false;
  let up: boolean | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let checking: Promise<void> = Promise.resolve();

  async function check(): Promise<void> {
    try {
      if (prepared) await knex.raw('SELECT 1');
      else await makeReady();
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

  async function makeReady(): Promise<void> {
    const patient = openPool(urlFile, log, migrationTimeoutMs);
    await migrate(patient).finally(() => patient.destroy());
    for (const step of prepare) await step(knex);
    prepared = true;
  }

  function note(isUp: boolean, err?: unknown): void {
    if (isUp === up) return;
    up = isUp;
    if (isUp) log.info('the database is ready');
    else
      log.warn(
        { err },
        'the database does not answer: accounts and catalogue are off, predictions go on',
      );
  }

  const ready = () => (prepared && up ? knex : undefined);
  start();
  return {
    /** The database if it is migrated and answered lately, else undefined. */
    ready,
    /**
     * What `run` gives. Throws the problem `database-unavailable` where the database is gone, before or meanwhile; errors of
     * another kind (a key that is there already, a Problem) come through as they are.
     */
    async query<T>(run: (knex: Knex) => Promise<T>): Promise<T> {
      const open = ready();
      if (!open) throw unavailable();
      try {
        return await run(open);
      } catch (error) {
        throw isUnavailable(error) ? unavailable(error) : error;
      }
    },
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await knex.destroy();
      await checking;
    },
  };
}

export type Database = ReturnType<typeof openDatabase>;

function unavailable(cause?: unknown): Problem {
  const detail = 'The database does not answer: predictions go on, try again in a moment.';
  return new Problem('database-unavailable', detail, { retryAfter: 5, cause });
}
