import { readFile } from 'node:fs/promises';
import createKnex, { type Knex } from 'knex';
import type { Logger } from 'pino';
import { cutWhenSilent } from './silence.ts';

/** Connections of a replica: predictions never touch the database, and PostgreSQL allows a hundred by default. */
const poolSize = 8;
const patienceMs = 2_000;
const statementTimeoutMs = 5_000;
/** Until a query fails whose server fell silent: its own limit says nothing once its machine is gone without closing the connection. */
const answerTimeoutMs = statementTimeoutMs + 1_000;

/**
 * A pool of connections to the address in `urlFile`, which is read again for every new connection so that rotated credentials
 * are taken up. Nothing is contacted yet; a database that is gone fails the query, within a few seconds (or `withinMs`), not
 * the program.
 */
export function openPool(urlFile: string, log: Logger, withinMs = answerTimeoutMs): Knex {
  return createKnex({
    client: 'pg',
    pool: {
      min: 0,
      max: poolSize,
      afterCreate(connection: unknown, done: () => void) {
        cutWhenSilent(connection, withinMs);
        done();
      },
    },
    acquireConnectionTimeout: patienceMs,
    // knex would write to the console.
    log: {
      debug: (words) => log.debug({ knex: words }, 'knex'),
      warn: (words) => log.debug({ knex: words }, 'knex warns'),
      error: (words) => log.debug({ knex: words }, 'knex fails'),
      deprecate: (words) => log.debug({ knex: words }, 'knex deprecates'),
    },
    async connection() {
      return {
        connectionString: (await readFile(urlFile, 'utf8')).trim(),
        connectionTimeoutMillis: patienceMs,
        statement_timeout: statementTimeoutMs,
        // A transaction whose program fell silent must not hold its rows' locks.
        idle_in_transaction_session_timeout: 2 * statementTimeoutMs,
        application_name: 'shelfwise-inference',
        keepAlive: true,
      };
    },
  });
}
