import {
  newPasswordSchema,
  newUserSchema,
  userChangeSchema,
  usernameForm,
  userSchema,
  usersResponseSchema,
} from '@shelfwise/inference-contract';
import * as z from 'zod';
import { page, readCursor } from '../http/cursor.ts';
import { jsonAnswer, jsonBody, type Route, route } from '../http/route.ts';
import type { Context } from '../http/state.ts';
import type { Accounts } from './accounts.ts';
import {
  type AccountDependencies,
  ask,
  found,
  inTurn,
  ownAccounts,
  requireAdmin,
} from './asking.ts';
import {
  addUser,
  changeUser,
  deleteUser,
  findUserById,
  listUsers,
  revokeTokens,
  setPassword,
} from './users.ts';

const params = z.strictObject({ id: z.uuid() });
const done = { 204: { description: 'Done.' } };
const usual = {
  tag: 'accounts',
  access: ['admin'],
} as const;

/** What admins do about users. */
export function userRoutes(dependencies: AccountDependencies): Route[] {
  async function asAdmin(ctx: Context): Promise<Accounts> {
    const { accounts } = ownAccounts(dependencies);
    await requireAdmin(ctx, accounts);
    return accounts;
  }

  const create = route({
    ...usual,
    method: 'post',
    path: '/v1/users',
    id: 'createUser',
    summary: 'A new user',
    body: jsonBody(newUserSchema, {
      example: { username: 'grace', password: 'a long enough password', roles: ['catalogue'] },
    }),
    responses: {
      201: jsonAnswer('The user.', userSchema, { headers: { Location: 'Its address.' } }),
    },
    problems: ['accounts-off', 'conflict', 'database-unavailable'],
    async handle({ ctx, body: { username, password, roles } }) {
      const accounts = await asAdmin(ctx);
      const passwordHash = await inTurn(() => accounts.passwords.hash(password));
      const user = await ask(accounts, (knex) => addUser(knex, { username, passwordHash, roles }));
      ctx.set('Location', `/v1/users/${user.id}`);
      return user;
    },
  });

  const list = route({
    ...usual,
    method: 'get',
    path: '/v1/users',
    id: 'listUsers',
    summary: 'All users, by name',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(500).default(100),
      cursor: z.string().max(200).optional(),
    }),
    responses: { 200: jsonAnswer('A page of users.', usersResponseSchema) },
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx, query: { limit, cursor } }) {
      const accounts = await asAdmin(ctx);
      const after = cursor === undefined ? undefined : readCursor(cursor, usernameForm);
      const some = await ask(accounts, (knex) => listUsers(knex, { after, limit: limit + 1 }));
      const { shown, next } = page(some, limit, ({ username }) => username);
      return { users: shown, next };
    },
  });

  const get = route({
    ...usual,
    method: 'get',
    path: '/v1/users/{id}',
    id: 'getUser',
    summary: 'A user',
    params,
    responses: { 200: jsonAnswer('The user.', userSchema) },
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx, params: { id } }) {
      const accounts = await asAdmin(ctx);
      const user = found(await ask(accounts, (knex) => findUserById(knex, id)), 'user');
      const { passwordHash: _, generation: __, ...document } = user;
      return document;
    },
  });

  const change = route({
    ...usual,
    method: 'patch',
    path: '/v1/users/{id}',
    id: 'changeUser',
    summary: 'Change what a user may do',
    description:
      'Other roles, or whether the user is kept out. The tokens of the user are revoked; the last admin who can log in stays one.',
    params,
    body: jsonBody(userChangeSchema, { example: { roles: ['predict'], disabled: false } }),
    responses: { 200: jsonAnswer('The user as it is now.', userSchema) },
    problems: ['accounts-off', 'last-admin', 'database-unavailable'],
    async handle({ ctx, params: { id }, body }) {
      const accounts = await asAdmin(ctx);
      const changed = found(await ask(accounts, (knex) => changeUser(knex, id, body)), 'user');
      accounts.revocations.add([changed.revocation]);
      return changed.user;
    },
  });

  const password = route({
    ...usual,
    method: 'put',
    path: '/v1/users/{id}/password',
    id: 'resetPassword',
    summary: "Reset a user's password",
    description: 'The tokens of the user are revoked.',
    params,
    body: jsonBody(newPasswordSchema, { example: { password: 'a long enough password' } }),
    responses: done,
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx, params: { id }, body }) {
      const accounts = await asAdmin(ctx);
      const passwordHash = await inTurn(() => accounts.passwords.hash(body.password));
      const changed = await ask(accounts, (knex) => setPassword(knex, id, passwordHash));
      accounts.revocations.add([found(changed, 'user').revocation]);
    },
  });

  const revokeAll = route({
    ...usual,
    method: 'delete',
    path: '/v1/users/{id}/tokens',
    id: 'revokeTokens',
    summary: 'Revoke all tokens of a user',
    description: 'The user can log in again; to keep a user out, change the user to disabled.',
    params,
    responses: done,
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx, params: { id } }) {
      const accounts = await asAdmin(ctx);
      const changed = await ask(accounts, (knex) => revokeTokens(knex, id));
      accounts.revocations.add([found(changed, 'user').revocation]);
    },
  });

  const remove = route({
    ...usual,
    method: 'delete',
    path: '/v1/users/{id}',
    id: 'deleteUser',
    summary: 'Remove a user',
    description: 'The tokens of the user are revoked. The last admin who can log in stays.',
    params,
    responses: done,
    problems: ['accounts-off', 'last-admin', 'database-unavailable'],
    async handle({ ctx, params: { id } }) {
      const accounts = await asAdmin(ctx);
      const revocation = await ask(accounts, (knex) => deleteUser(knex, id));
      accounts.revocations.add([found(revocation, 'user')]);
    },
  });
  return [create, list, get, change, password, revokeAll, remove];
}
