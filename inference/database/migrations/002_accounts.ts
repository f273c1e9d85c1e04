import type { Knex } from 'knex';

/** What older versions know of users stays as it is: they go on writing `role`, and rows without `roles`. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('shelfwise_users', (table) => {
    table.specificType('roles', 'text[]');
    table.timestamp('disabled_at', { useTz: true });
    table.integer('token_generation').notNullable().defaultTo(0);
  });
  await knex.schema.createTable('shelfwise_revocations', (table) => {
    table.text('subject').primary();
    table.integer('generation').notNullable();
    // The time of the statement, not of its transaction: replicas ask for what is new.
    table
      .timestamp('recorded_at', { useTz: true })
      .notNullable()
      .defaultTo(knex.raw('clock_timestamp()'));
    table.timestamp('expires_at', { useTz: true }).notNullable().index();
  });
  await knex.schema.createTable('shelfwise_service_tokens', (table) => {
    table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()'));
    table.text('name').notNullable().unique();
    table.text('hash').notNullable().unique();
    table.text('prefix').notNullable();
    table.specificType('roles', 'text[]').notNullable();
    table.text('created_by').notNullable();
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(knex.fn.now());
    table.timestamp('expires_at', { useTz: true });
    table.timestamp('last_used_at', { useTz: true });
  });
  await knex.schema.createTable('shelfwise_token_keys', (table) => {
    table.text('thumbprint').primary();
    table.text('kid').notNullable();
    table.timestamp('first_seen_at', { useTz: true }).notNullable().defaultTo(knex.fn.now());
  });
}
