import { callerSchema, ownPasswordSchema } from '@shelfwise/inference-contract';
import type { clientAddresses } from '../auth/client-address.ts';
import { tokenSubject } from '../auth/revocations.ts';
import { jsonAnswer, jsonBody, type Route, route } from '../http/route.ts';
import { type AccountDependencies, ask, found, inTurn, ownAccount, ownAccounts } from './asking.ts';
import { logIn } from './login.ts';
import type { LoginLimit } from './login-limit.ts';
import { revoke } from './revoke.ts';
import { revokeTokens, setPassword } from './users.ts';

const done = { 204: { description: 'Done.' } };

/** What callers may do about themselves. */
export function ownRoutes(
  dependencies: AccountDependencies,
  limit: LoginLimit,
  addressOf: ReturnType<typeof clientAddresses>,
): Route[] {
  const me = route({
    method: 'get',
    path: '/v1/me',
    id: 'getCaller',
    summary: 'Who the caller is',
    tag: 'accounts',
    access: ['predict'],
    responses: { 200: jsonAnswer('The caller as the token says it.', callerSchema) },
    handle: ({ ctx }) => ctx.state.caller,
  });

  const password = route({
    method: 'put',
    path: '/v1/me/password',
    id: 'changeOwnPassword',
    summary: 'Change the own password',
    description: 'All tokens of the account are revoked, the one that is used here among them.',
    tag: 'accounts',
    access: ['predict'],
    body: jsonBody(ownPasswordSchema, {
      example: { currentPassword: 'correct horse battery', password: 'a long enough password' },
    }),
    responses: done,
    problems: ['accounts-off', 'wrong-credentials', 'too-many-logins', 'database-unavailable'],
    async handle({ ctx, body }) {
      const { accounts } = ownAccounts(dependencies);
      const { name: username } = ownAccount(ctx);
      const given = { username, password: body.currentPassword, address: addressOf(ctx.req) };
      const user = await logIn(accounts, limit, given);
      const passwordHash = await inTurn(() => accounts.passwords.hash(body.password));
      const changed = await ask(accounts, (knex) => setPassword(knex, user.id, passwordHash));
      accounts.revocations.add([found(changed, 'user').revocation]);
      ctx.status = 204;
    },
  });

  const logOut = route({
    method: 'delete',
    path: '/v1/me/token',
    id: 'logOut',
    summary: 'Log out: revoke the token of this request',
    tag: 'accounts',
    access: ['predict'],
    responses: done,
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx }) {
      const { accounts } = ownAccounts(dependencies);
      const { id } = ownAccount(ctx);
      const token = ctx.state.token?.id;
      const revoked = await ask(accounts, async (knex) =>
        // A token of an older version may have no name of its own: then all go.
        token === undefined
          ? (await revokeTokens(knex, id))?.revocation
          : revoke(knex, tokenSubject(token), 0),
      );
      if (revoked) accounts.revocations.add([revoked]);
      ctx.status = 204;
    },
  });

  const logOutEverywhere = route({
    method: 'delete',
    path: '/v1/me/tokens',
    id: 'logOutEverywhere',
    summary: 'Log out everywhere: revoke all tokens of the own account',
    tag: 'accounts',
    access: ['predict'],
    responses: done,
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx }) {
      const { accounts } = ownAccounts(dependencies);
      const { id } = ownAccount(ctx);
      const changed = await ask(accounts, (knex) => revokeTokens(knex, id));
      if (changed) accounts.revocations.add([changed.revocation]);
      ctx.status = 204;
    },
  });
  return [me, password, logOut, logOutEverywhere];
}
