import type { Role, User } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import { olderRole, rolesOfOlder } from '../auth/account-tokens.ts';
import { answerTimeoutMs } from '../database/pool.ts';

const table = 'shelfwise_users';

interface Row {
  id: string;
  username: string;
  password_hash: string;
  role: 'admin' | 'user';
  created_at: Date;
}

export class UserExistsError extends Error {
  constructor(username: string, options?: ErrorOptions) {
    super(`there is a user ${username} already`, options);
    this.name = 'UserExistsError';
  }
}

/** A user with the hash of the password, by name. */
export async function findUser(
  knex: Knex,
  username: string,
): Promise<(User & { passwordHash: string }) | undefined> {
  const row = await knex<Row>(table).where({ username }).first().timeout(answerTimeoutMs);
  return row && { ...toUser(row), passwordHash: row.password_hash };
}

export async function findUserById(knex: Knex, id: string): Promise<User | undefined> {
  const row = await knex<Row>(table).where({ id }).first().timeout(answerTimeoutMs);
  return row && toUser(row);
}

/** Throws UserExistsError. */
export async function addUser(
  knex: Knex,
  user: { username: string; passwordHash: string; roles: Role[] },
): Promise<User> {
  const { username, passwordHash, roles } = user;
  try {
    const rows = await knex<Row>(table)
      .insert({ username, password_hash: passwordHash, role: olderRole(roles) })
      .returning('*')
      .timeout(answerTimeoutMs);
    return toUser(rows[0] as Row);
  } catch (error) {
    if ((error as { code?: string }).code === uniqueViolation) {
      throw new UserExistsError(username, { cause: error });
    }
    throw error;
  }
}

const uniqueViolation = '23505';

export async function listUsers(knex: Knex): Promise<User[]> {
  const rows = await knex<Row>(table).orderBy('username').timeout(answerTimeoutMs);
  return rows.map(toUser);
}

export async function hasAdmin(knex: Knex): Promise<boolean> {
  const row = await knex<Row>(table).where({ role: 'admin' }).first('id').timeout(answerTimeoutMs);
  return row !== undefined;
}

function toUser({ id, username, role, created_at }: Row): User {
  return { id, username, roles: rolesOfOlder(role), createdAt: created_at.toISOString() };
}
