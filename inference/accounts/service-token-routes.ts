import {
  createdServiceTokenSchema,
  newServiceTokenSchema,
  serviceTokensResponseSchema,
} from '@shelfwise/inference-contract';
import * as z from 'zod';
import { Problem } from '../http/problems.ts';
import { jsonAnswer, jsonBody, type Route, route } from '../http/route.ts';
import { type AccountDependencies, ask, found, requireAdmin } from './asking.ts';
import { addServiceToken, deleteServiceToken, listServiceTokens } from './service-tokens.ts';

const usual = {
  tag: 'accounts',
  access: ['admin'],
} as const;

/** What admins do about the tokens of machines. */
export function serviceTokenRoutes({ accounts: kept }: AccountDependencies): Route[] {
  const create = route({
    ...usual,
    method: 'post',
    path: '/v1/service-tokens',
    id: 'createServiceToken',
    summary: 'A token for a machine',
    description:
      'It is told this once and kept as a hash. It is sent as other tokens are, and lives until it is revoked or expires.',
    body: jsonBody(newServiceTokenSchema, {
      example: { name: 'nightly-import', roles: ['catalogue'] },
    }),
    responses: { 201: jsonAnswer('The token, and what is kept of it.', createdServiceTokenSchema) },
    problems: ['accounts-off', 'conflict', 'database-unavailable'],
    async handle({ ctx, body: { name, roles, expiresAt } }) {
      const accounts = withDatabase();
      const { name: createdBy } = await requireAdmin(ctx, accounts);
      const expires = expiresAt ? new Date(expiresAt) : null;
      if (expires && expires.getTime() <= Date.now()) throw isOver();
      const { document, token } = await ask(accounts, (knex) =>
        addServiceToken(knex, { name, roles, expiresAt: expires, createdBy }),
      );
      await accounts.refresh();
      ctx.set('Cache-Control', 'no-store');
      return { ...document, token };
    },
  });

  const list = route({
    ...usual,
    method: 'get',
    path: '/v1/service-tokens',
    id: 'listServiceTokens',
    summary: 'All tokens of machines, by name',
    responses: { 200: jsonAnswer('What is kept of them.', serviceTokensResponseSchema) },
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx }) {
      const accounts = withDatabase();
      await requireAdmin(ctx, accounts);
      return { serviceTokens: await ask(accounts, listServiceTokens) };
    },
  });

  const remove = route({
    ...usual,
    method: 'delete',
    path: '/v1/service-tokens/{id}',
    id: 'revokeServiceToken',
    summary: 'Revoke the token of a machine',
    params: z.strictObject({ id: z.uuid() }),
    responses: { 204: { description: 'Every replica refuses it within seconds.' } },
    problems: ['accounts-off', 'database-unavailable'],
    async handle({ ctx, params: { id } }) {
      const accounts = withDatabase();
      await requireAdmin(ctx, accounts);
      const was = await ask(accounts, (knex) => deleteServiceToken(knex, id));
      found(was || undefined, 'service token');
      await accounts.refresh();
    },
  });

  function withDatabase() {
    if (kept) return kept;
    const detail =
      'This service has no database to keep service tokens in: set spec.serving.database.';
    throw new Problem('accounts-off', detail);
  }
  return [create, list, remove];
}

function isOver(): Problem {
  const detail = 'The field expiresAt is wrong: must be in the future.';
  return new Problem('unusable-part', detail, { part: 'expiresAt' });
}
