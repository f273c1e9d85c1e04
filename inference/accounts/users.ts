import type { Role, User } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import { olderRole, rolesOfOlder } from '../auth/account-tokens.ts';
import { accountSubject, type Revocation } from '../auth/revocations.ts';
import { isThereAlready } from '../database/unique.ts';
import { revoke } from './revoke.ts';

const table = 'shelfwise_users';

interface Row {
  id: string;
  username: string;
  password_hash: string;
  /** What older versions know: the nearest to `roles`. */
  role: 'admin' | 'user';
  /** Null where an older version added the user. */
  roles: Role[] | null;
  disabled_at: Date | null;
  token_generation: number;
  created_at: Date;
}

/** A user as who judges a login needs them. */
export interface KeptUser extends User {
  passwordHash: string;
  generation: number;
}

export class UserExistsError extends Error {
  constructor(username: string, options?: ErrorOptions) {
    super(`there is a user ${username} already`, options);
    this.name = 'UserExistsError';
  }
}

/** Without an admin nobody could ever make another. */
export class LastAdminError extends Error {
  constructor() {
    super('this is the last admin who can log in');
    this.name = 'LastAdminError';
  }
}

export async function findUser(knex: Knex, username: string): Promise<KeptUser | undefined> {
  return toKept(await knex<Row>(table).where({ username }).first());
}

export async function findUserById(knex: Knex, id: string): Promise<KeptUser | undefined> {
  return toKept(await knex<Row>(table).where({ id }).first());
}

/** Throws UserExistsError. */
export async function addUser(
  knex: Knex,
  user: { username: string; passwordHash: string; roles: Role[] },
): Promise<User> {
  const { username, passwordHash, roles } = user;
  try {
    const rows = await knex<Row>(table)
      .insert({ username, password_hash: passwordHash, roles, role: olderRole(roles) })
      .returning('*');
    return toUser(rows[0] as Row);
  } catch (error) {
    throw isThereAlready(error) ? new UserExistsError(username, { cause: error }) : error;
  }
}

/** At most `limit` users by name, from the one after `after`. */
export async function listUsers(
  knex: Knex,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<User[]> {
  const query = knex<Row>(table).orderBy('username').limit(limit);
  if (after !== undefined) query.where('username', '>', after);
  return (await query).map(toUser);
}

export async function hasAdmin(knex: Knex): Promise<boolean> {
  return (await knex<Row>(table).where({ role: 'admin' }).first('id')) !== undefined;
}

interface Changed {
  user: User;
  /** Every token that the user had until now. */
  revocation: Revocation;
}

/** Gives a user other roles, or takes away or gives back the way in; revokes the tokens. Undefined for no such user; throws LastAdminError. */
export function changeUser(
  knex: Knex,
  id: string,
  change: { roles?: Role[] | undefined; disabled?: boolean | undefined },
): Promise<Changed | undefined> {
  return knex.transaction(async (trx) => {
    await keepAnAdmin(
      trx,
      id,
      change.disabled === true || !(change.roles?.includes('admin') ?? true),
    );
    const { roles, disabled } = change;
    return update(trx, id, {
      ...(roles && { roles, role: olderRole(roles) }),
      ...(disabled !== undefined && { disabled_at: disabled ? new Date() : null }),
    });
  });
}

/** Undefined for no such user. The tokens are revoked: who changes a password may do so because someone else knows it. */
export function setPassword(
  knex: Knex,
  id: string,
  passwordHash: string,
): Promise<Changed | undefined> {
  return knex.transaction((trx) => update(trx, id, { password_hash: passwordHash }));
}

/** Revokes all tokens of a user; undefined for no such user. */
export function revokeTokens(knex: Knex, id: string): Promise<Changed | undefined> {
  return knex.transaction((trx) => update(trx, id, {}));
}

/** Undefined for no such user; throws LastAdminError. */
export function deleteUser(knex: Knex, id: string): Promise<Revocation | undefined> {
  return knex.transaction(async (trx) => {
    await keepAnAdmin(trx, id, true);
    if ((await trx<Row>(table).where({ id }).delete()) === 0) return undefined;
    return revoke(trx, accountSubject(id), largestGeneration);
  });
}

const largestGeneration = 2 ** 31 - 1;

async function update(trx: Knex, id: string, change: Partial<Row>): Promise<Changed | undefined> {
  const rows = await trx<Row>(table)
    .where({ id })
    .update({ ...change, token_generation: trx.raw('token_generation + 1') as never })
    .returning('*');
  const row = rows[0];
  if (!row) return undefined;
  const revocation = await revoke(trx, accountSubject(id), row.token_generation);
  return { user: toUser(row), revocation };
}

/** Two admins who demote each other at the same time take turns at these rows, and the second is refused. */
async function keepAnAdmin(trx: Knex, id: string, leaves: boolean): Promise<void> {
  if (!leaves) return;
  const admins = await trx<Row>(table)
    .where({ role: 'admin' })
    .whereNull('disabled_at')
    .orderBy('id')
    .forUpdate()
    .select('id');
  if (admins.length === 1 && admins[0]?.id === id) throw new LastAdminError();
}

function toUser({ id, username, role, roles, disabled_at, created_at }: Row): User {
  return {
    id,
    username,
    roles: roles ?? rolesOfOlder(role),
    disabled: disabled_at !== null,
    createdAt: created_at.toISOString(),
  };
}

function toKept(row: Row | undefined): KeptUser | undefined {
  return (
    row && { ...toUser(row), passwordHash: row.password_hash, generation: row.token_generation }
  );
}
