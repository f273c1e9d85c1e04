import {
  newUserSchema,
  tokenRequestSchema,
  tokenResponseSchema,
  userSchema,
  usersResponseSchema,
} from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import { accountTokens, issueToken } from '../auth/account-tokens.ts';
import type { KeyRing } from '../auth/key-ring.ts';
import { Problem } from '../http/problems.ts';
import { jsonAnswer, jsonBody, type Route, route } from '../http/route.ts';
import type { Context } from '../http/state.ts';
import type { Accounts } from './accounts.ts';
import { createLoginLimit } from './login-limit.ts';
import { PasswordsBusyError } from './passwords.ts';
import { addUser, findUser, findUserById, listUsers, UserExistsError } from './users.ts';

interface Dependencies {
  store: Accounts;
  keys: KeyRing;
}

/** /v1/tokens and /v1/users. Without accounts they all say so. */
export function accountRoutes(accounts: Dependencies | undefined): Route[] {
  return [createToken(accounts), createUser(accounts), list(accounts)];
}

function createToken(accounts: Dependencies | undefined): Route {
  const limit = createLoginLimit();
  return route({
    method: 'post',
    path: '/v1/tokens',
    id: 'createToken',
    summary: 'Log in',
    tag: 'accounts',
    access: 'public',
    body: jsonBody(tokenRequestSchema, {
      example: { username: 'ada', password: 'correct horse battery' },
    }),
    responses: {
      200: jsonAnswer('A token that lives for some minutes.', tokenResponseSchema),
    },
    problems: ['accounts-off', 'wrong-credentials', 'too-many-logins', 'database-unavailable'],
    async handle({ ctx, body: { username, password } }) {
      const { store, keys } = accounts ?? off();
      await limit.attempt(username, ctx.ip);
      const user = await judge(store, username, password).catch(async (error: unknown) => {
        await limit.unjudged(username, ctx.ip);
        throw error;
      });
      if (!user) {
        throw new Problem('wrong-credentials', 'The user name or the password is wrong.', {
          headers: { 'WWW-Authenticate': 'Bearer realm="shelfwise"' },
        });
      }
      await limit.succeeded(username, ctx.ip);
      ctx.set('Cache-Control', 'no-store');
      const { id, username: name, roles } = user;
      return {
        access_token: await issueToken(keys, { id, name, roles }),
        token_type: 'Bearer',
        expires_in: accountTokens.lifetimeSeconds,
      };
    },
  });
}

function createUser(accounts: Dependencies | undefined): Route {
  return route({
    method: 'post',
    path: '/v1/users',
    id: 'createUser',
    summary: 'A new user',
    tag: 'accounts',
    access: ['admin'],
    body: jsonBody(newUserSchema, {
      example: { username: 'grace', password: 'a long enough password', roles: ['catalogue'] },
    }),
    responses: { 201: jsonAnswer('The user.', userSchema) },
    problems: ['accounts-off', 'conflict', 'database-unavailable'],
    async handle({ ctx, body: { username, password, roles } }) {
      const { store } = accounts ?? off();
      await requireAdmin(ctx, store);
      const passwordHash = await inTurn(store.passwords.hash(password));
      return query(store, (knex) => addUser(knex, { username, passwordHash, roles }));
    },
  });
}

function list(accounts: Dependencies | undefined): Route {
  return route({
    method: 'get',
    path: '/v1/users',
    id: 'listUsers',
    summary: 'All users',
    tag: 'accounts',
    access: ['admin'],
    responses: { 200: jsonAnswer('The users by name.', usersResponseSchema) },
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx }) {
      const { store } = accounts ?? off();
      await requireAdmin(ctx, store);
      return { users: await query(store, listUsers) };
    },
  });
}

/** The user if the password is theirs. */
async function judge(store: Accounts, username: string, password: string) {
  const user = await query(store, (knex) => findUser(knex, username));
  const right = await inTurn(store.passwords.verify(user?.passwordHash, password));
  return right ? user : undefined;
}

/** The token's word for the role may be some minutes old, so the database is asked. */
async function requireAdmin(ctx: Context, store: Accounts): Promise<void> {
  const { caller } = ctx.state;
  const id = caller?.kind === 'account' ? caller.id : undefined;
  const user = id === undefined ? undefined : await query(store, (knex) => findUserById(knex, id));
  if (!user?.roles.includes('admin'))
    throw new Problem('forbidden', 'Only an admin may do this.', { part: 'Authorization' });
}

/** Runs a query; a name that is taken is the caller's affair. */
async function query<T>({ database }: Accounts, run: (knex: Knex) => Promise<T>): Promise<T> {
  try {
    return await database.query(run);
  } catch (error) {
    if (!(error instanceof UserExistsError)) throw error;
    const detail = `There is a user of that name already: choose another.`;
    throw new Problem('conflict', detail, { part: 'username', cause: error });
  }
}

async function inTurn<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PasswordsBusyError)) throw error;
    throw new Problem(
      'overloaded',
      'Too many passwords are being checked: try again in a moment.',
      { retryAfter: 1 },
    );
  }
}

function off(): never {
  const detail =
    'This service runs without a database of accounts: call it with a ServiceAccount token of audience shelfwise.';
  throw new Problem('accounts-off', detail);
}
