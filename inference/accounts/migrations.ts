import type { Knex } from 'knex';

/** The lock's number is ours for good: every version of the program must ask for the same. */
const advisoryLock = 7_435_296_271;

const migrations: Record<string, Knex.Migration> = {
  '001_users': {
    async up(knex) {
      await knex.schema.createTable('shelfwise_users', (table) => {
        table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
        table.text('username').notNullable().unique();
        table.text('password_hash').notNullable();
        table.text('role').notNullable().checkIn(['admin', 'user']);
        table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(knex.fn.now());
      });
    },
    async down(knex) {
      await knex.schema.dropTable('shelfwise_users');
    },
  },
};

const source: Knex.MigrationSource<string> = {
  getMigrations: async () => Object.keys(migrations).sort(),
  getMigrationName: (name) => name,
  getMigration: async (name) => migrations[name] as Knex.Migration,
};

const config: Knex.MigratorConfig = { migrationSource: source, tableName: 'shelfwise_migrations' };

/**
 * Brings the schema up to date. Replicas that start together take turns by an advisory lock, which PostgreSQL
 * frees when its holder dies; knex's own lock is a row that a killed migration leaves behind for good, so it is freed
 * here, where no other can be migrating.
 */
export async function migrate(knex: Knex): Promise<void> {
  await knex.transaction(async (lock) => {
    // The session's statement timeout is for queries of requests; waiting for another replica may take longer.
    await lock.raw("SET LOCAL statement_timeout = '60s'");
    await lock.raw('SELECT pg_advisory_xact_lock(?)', [advisoryLock]);
    await knex.migrate.forceFreeMigrationsLock(config);
    await knex.migrate.latest(config);
  });
}
