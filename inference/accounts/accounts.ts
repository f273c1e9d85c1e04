import type { Database } from '../database/database.ts';
import type { Passwords } from './passwords.ts';

/** What the accounts are kept in, and who checks their passwords. */
export interface Accounts {
  database: Database;
  passwords: Passwords;
}
