import type { Knex } from 'knex';
import { migrations as all } from './migrations/index.ts';

/** The lock's number is ours for good: every version of the program must ask for the same. */
const advisoryLock = 7_435_296_271;

/**
 * Brings the schema up to date. Replicas that start together take turns by an advisory lock, which PostgreSQL
 * frees when its holder dies; knex's own lock is a row that a killed migration leaves behind for good, so it is freed
 * here, where no other can be migrating. All steps that are due are one transaction.
 */
export async function migrate(knex: Knex, migrations = all): Promise<void> {
  const config = configure(migrations);
  await knex.transaction(async (lock) => {
    // The session's statement timeout is for queries of requests; waiting for another replica may take longer.
    await lock.raw("SET LOCAL statement_timeout = '60s'");
    // This session does nothing while another one migrates: ended for that, it would let a second replica begin.
    await lock.raw('SET LOCAL idle_in_transaction_session_timeout = 0');
    await lock.raw('SELECT pg_advisory_xact_lock(?)', [advisoryLock]);
    await knex.migrate.forceFreeMigrationsLock(config);
    await knex.migrate.latest(config);
  });
}

function configure(migrations: typeof all): Knex.MigratorConfig {
  const source: Knex.MigrationSource<string> = {
    getMigrations: async () => Object.keys(migrations).sort(),
    getMigrationName: (name) => name,
    getMigration: async (name) => ({
      async up(knex) {
        // To build an index takes as long as it takes; to wait for a table that requests hold would hold up those after them.
        await knex.raw("SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '5s'");
        await migrations[name]?.up(knex);
      },
      // knex asks for a way back, and never goes it here.
      down: async () => undefined,
    }),
  };
  return {
    migrationSource: source,
    tableName: 'shelfwise_migrations',
    // A newer version of the program may have migrated already: its steps only add, so this one goes on.
    disableMigrationsListValidation: true,
  };
}
