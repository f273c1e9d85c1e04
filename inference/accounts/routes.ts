import { newUserSchema, tokenRequestSchema } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import type * as z from 'zod';
import { accountTokens, issueToken } from '../auth/account-tokens.ts';
import type { KeyRing } from '../auth/key-ring.ts';
import { type ByteBudget, parseJson, readBody } from '../http/body.ts';
import { Problem } from '../http/problems.ts';
import type { Context, Middleware } from '../http/state.ts';
import type { Accounts } from './accounts.ts';
import { createLoginLimit } from './login-limit.ts';
import { PasswordsBusyError } from './passwords.ts';
import { addUser, findUser, findUserById, listUsers, UserExistsError } from './users.ts';

export interface AccountRoutes {
  createToken: Middleware;
  createUser: Middleware;
  listUsers: Middleware;
}

const largestBody = 16 * 1024;

/** The handlers of /v1/tokens and /v1/users. Without accounts they all say so. */
export function accountRoutes(
  accounts: { store: Accounts; keys: KeyRing } | undefined,
  budget: ByteBudget,
): AccountRoutes {
  if (!accounts) return { createToken: off, createUser: off, listUsers: off };
  const { store, keys } = accounts;
  const limit = createLoginLimit();

  const createToken: Middleware = async (ctx) => {
    const { username, password } = await body(ctx, budget, tokenRequestSchema);
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
    ctx.body = {
      access_token: await issueToken(keys, {
        id: user.id,
        username: user.username,
        role: user.role,
      }),
      token_type: 'Bearer',
      expires_in: accountTokens.lifetimeSeconds,
    };
  };

  const createUser: Middleware = async (ctx) => {
    await requireAdmin(ctx, store);
    const { username, password, role } = await body(ctx, budget, newUserSchema);
    const passwordHash = await inTurn(store.passwords.hash(password));
    const user = await query(store, (knex) => addUser(knex, { username, passwordHash, role }));
    ctx.status = 201;
    ctx.body = user;
  };

  const list: Middleware = async (ctx) => {
    await requireAdmin(ctx, store);
    ctx.body = { users: await query(store, listUsers) };
  };
  return { createToken, createUser, listUsers: list };
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
  if (user?.role !== 'admin')
    throw new Problem('forbidden', 'Only an admin may do this.', { part: 'Authorization' });
}

async function body<T extends z.ZodType>(
  ctx: Context,
  budget: ByteBudget,
  schema: T,
): Promise<z.infer<T>> {
  if (!ctx.is('application/json')) {
    throw new Problem('unsupported-media-type', 'The body must be application/json.', {
      part: 'Content-Type',
    });
  }
  const lease = budget.lease();
  try {
    const parsed = schema.safeParse(parseJson(await readBody(ctx.req, largestBody, lease)));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const part = issue?.path.join('.') || 'body';
    throw new Problem('unusable-part', `The field ${part} is wrong: ${issue?.message}.`, { part });
  } finally {
    lease.release();
  }
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

const off: Middleware = () => {
  const detail =
    'This service runs without a database of accounts: call it with a ServiceAccount token of audience shelfwise.';
  throw new Problem('accounts-off', detail);
};
