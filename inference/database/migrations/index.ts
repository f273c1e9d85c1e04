import type { Knex } from 'knex';
import * as users from './001_users.ts';
import * as accounts from './002_accounts.ts';
import * as catalogue from './003_catalogue.ts';
import * as givenUp from './004_given_up.ts';

/**
 * Every step of the schema, by the name under which the database remembers it. There is no way back, and the version of the
 * program before goes on beside it while pods are rolled: a step adds what is new, and neither renames nor drops what that one uses.
 */
export const migrations: Readonly<Record<string, { up(knex: Knex): Promise<void> }>> = {
  '001_users': users,
  '002_accounts': accounts,
  '003_catalogue': catalogue,
  '004_given_up': givenUp,
};
