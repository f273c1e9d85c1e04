import { type Caller, hasRole } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import type { KeyRing } from '../auth/key-ring.ts';
import { Problem } from '../http/problems.ts';
import type { Context } from '../http/state.ts';
import type { Accounts } from './accounts.ts';
import { PasswordsBusyError } from './passwords.ts';
import { ServiceTokenExistsError, TooManyServiceTokensError } from './service-tokens.ts';
import { findUserById, type KeptUser, LastAdminError, UserExistsError } from './users.ts';

/** What the handlers of accounts need. */
export interface AccountDependencies {
  /** Undefined where the service has no database. */
  accounts: Accounts | undefined;
  /** Undefined where it has no accounts of its own: callers come from an OpenID Connect issuer or the cluster. */
  keys: KeyRing | undefined;
}

/** Accounts of people, with passwords and tokens of ours. Throws `accounts-off`. */
export function ownAccounts({ accounts, keys }: AccountDependencies) {
  if (accounts && keys) return { accounts, keys };
  const detail =
    'This service has no accounts of its own: call it with a token of its OpenID Connect issuer, a service token, or a ServiceAccount token of audience shelfwise.';
  throw new Problem('accounts-off', detail);
}

/** Runs a query; what the rules of accounts forbid is the caller's affair. */
export async function ask<T>({ database }: Accounts, run: (knex: Knex) => Promise<T>): Promise<T> {
  try {
    return await database.query(run);
  } catch (error) {
    throw refusal(error) ?? error;
  }
}

function refusal(error: unknown): Problem | undefined {
  if (error instanceof UserExistsError) {
    const detail = 'There is a user of that name already: choose another.';
    return new Problem('conflict', detail, { part: 'username', cause: error });
  }
  if (error instanceof ServiceTokenExistsError) {
    const detail = 'There is a service token of that name already: choose another, or revoke it.';
    return new Problem('conflict', detail, { part: 'name', cause: error });
  }
  if (error instanceof TooManyServiceTokensError) {
    const detail = `T${error.message.slice(1)}, which is the most: revoke those that nobody uses.`;
    return new Problem('conflict', detail, { cause: error });
  }
  if (error instanceof LastAdminError) {
    const detail =
      'This is the last admin who can log in: make another one first, or nobody could add users any more.';
    return new Problem('last-admin', detail, { cause: error });
  }
  return undefined;
}

/** The work on a password, when its turn comes. Throws `overloaded` where too many wait. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PasswordsBusyError)) throw error;
    const detail = 'Too many passwords are being checked: try again in a moment.';
    throw new Problem('overloaded', detail, { retryAfter: 1 });
  }
}

/** An admin whose token says so; where it is an account, the database has the last word, since a token may be some seconds behind. */
export async function requireAdmin(ctx: Context, accounts: Accounts): Promise<Caller> {
  const caller = ctx.state.caller as Caller;
  if (caller.kind !== 'account') return caller;
  const user = await ask(accounts, (knex) => findUserById(knex, caller.id));
  if (user && !user.disabled && hasRole(user, 'admin')) return caller;
  throw new Problem('forbidden', 'Only an admin may do this.', { part: 'Authorization' });
}

/** The caller's own account. Throws `forbidden` for a caller who has none here. */
export function ownAccount(ctx: Context): Caller {
  const caller = ctx.state.caller as Caller;
  if (caller.kind === 'account') return caller;
  const detail = `The caller ${caller.name} has no account here: its password and tokens are those of whoever gave the token.`;
  throw new Problem('forbidden', detail, { part: 'Authorization' });
}

/** What was asked for by id. Throws `not-found`. */
export function found<T>(one: T | undefined, what: string): T {
  if (one !== undefined) return one;
  throw new Problem('not-found', `There is no ${what} of this id.`, { part: 'id' });
}

/** The user if the password is theirs, and they are not kept out. */
export async function judge(
  accounts: Accounts,
  user: KeptUser | undefined,
  password: string,
): Promise<KeptUser | undefined> {
  const right = await inTurn(() => accounts.passwords.verify(user?.passwordHash, password));
  return right && user && !user.disabled ? user : undefined;
}
