import { callerSchema, ownPasswordSchema } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import { type Revocation, tokenSubject } from '../auth/revocations.ts';
import { jsonAnswer, jsonBody, type Route, route } from '../http/route.ts';
import type { Context } from '../http/state.ts';
import { type AccountDependencies, ask, found, inTurn, ownAccount, ownAccounts } from './asking.ts';
import { type Logins, logIn } from './login.ts';
import { revoke } from './revoke.ts';
import { revokeTokens, setPassword } from './users.ts';

const done = { 204: { description: 'Done.' } };
const usual = {
  tag: 'accounts',
  access: ['predict'],
} as const;

/** What callers may do about themselves. */
export function ownRoutes(dependencies: AccountDependencies, logins: Logins): Route[] {
  const me = route({
    ...usual,
    method: 'get',
    path: '/v1/me',
    id: 'getCaller',
    summary: 'Who the caller is',
    responses: { 200: jsonAnswer('The caller as the token says it.', callerSchema) },
    handle: ({ ctx }) => ctx.state.caller,
  });

  const password = route({
    ...usual,
    method: 'put',
    path: '/v1/me/password',
    id: 'changeOwnPassword',
    summary: 'Change the own password',
    description: 'All tokens of the account are revoked, the one that is used here among them.',
    body: jsonBody(ownPasswordSchema, {
      example: { currentPassword: 'correct horse battery', password: 'a long enough password' },
    }),
    responses: done,
    problems: ['accounts-off', 'wrong-credentials', 'too-many-logins', 'database-unavailable'],
    async handle({ ctx, body }) {
      const { accounts } = ownAccounts(dependencies);
      const { name: username } = ownAccount(ctx);
      const given = { username, password: body.currentPassword };
      const user = await logIn(accounts, logins, ctx, given);
      const passwordHash = await inTurn(() => accounts.passwords.hash(body.password));
      const changed = await ask(accounts, (knex) => setPassword(knex, user.id, passwordHash));
      accounts.revocations.add([found(changed, 'user').revocation]);
    },
  });

  const logOut = route({
    ...usual,
    method: 'delete',
    path: '/v1/me/token',
    id: 'logOut',
    summary: 'Log out: revoke the token of this request',
    responses: done,
    problems: ['accounts-off', 'database-unavailable'],
    handle({ ctx }) {
      const token = ctx.state.token?.id;
      // A token of an older version may have no name of its own: then all go.
      return token === undefined
        ? revokeOwn(ctx, revokeAll)
        : revokeOwn(ctx, (knex) => revoke(knex, tokenSubject(token), 0));
    },
  });

  const logOutEverywhere = route({
    ...usual,
    method: 'delete',
    path: '/v1/me/tokens',
    id: 'logOutEverywhere',
    summary: 'Log out everywhere: revoke all tokens of the own account',
    responses: done,
    problems: ['accounts-off', 'database-unavailable'],
    handle: ({ ctx }) => revokeOwn(ctx, revokeAll),
  });

  /** What `write` revokes of the caller's own account holds here at once. */
  async function revokeOwn(
    ctx: Context,
    write: (knex: Knex, account: string) => Promise<Revocation | undefined>,
  ): Promise<void> {
    const { accounts } = ownAccounts(dependencies);
    const { id } = ownAccount(ctx);
    const revoked = await ask(accounts, (knex) => write(knex, id));
    if (revoked) accounts.revocations.add([revoked]);
  }
  return [me, password, logOut, logOutEverywhere];
}

async function revokeAll(knex: Knex, account: string): Promise<Revocation | undefined> {
  return (await revokeTokens(knex, account))?.revocation;
}
