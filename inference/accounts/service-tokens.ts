import type { Role, ServiceTokenDocument } from '@shelfwise/inference-contract';
import type { Knex } from 'knex';
import { makeServiceToken, type ServiceToken } from '../auth/service-tokens.ts';
import { isThereAlready } from '../database/unique.ts';

const table = 'shelfwise_service_tokens';

/** Every replica knows all of them by heart and reads them every two seconds. */
const mostServiceTokens = 500;

interface Row {
  id: string;
  name: string;
  hash: string;
  prefix: string;
  roles: Role[];
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

export class ServiceTokenExistsError extends Error {
  constructor(options?: ErrorOptions) {
    super('there is a service token of that name already', options);
    this.name = 'ServiceTokenExistsError';
  }
}

export class TooManyServiceTokensError extends Error {
  constructor() {
    super(`there are ${mostServiceTokens} service tokens already`);
    this.name = 'TooManyServiceTokensError';
  }
}

/** A new token, told this once. Throws ServiceTokenExistsError or TooManyServiceTokensError. */
export async function addServiceToken(
  knex: Knex,
  given: { name: string; roles: Role[]; expiresAt: Date | null; createdBy: string },
): Promise<{ document: ServiceTokenDocument; token: string }> {
  const { token, hash, prefix } = makeServiceToken();
  const count = await knex(table).count<{ count: string }[]>('* as count');
  if (Number(count[0]?.count) >= mostServiceTokens) throw new TooManyServiceTokensError();
  const { name, roles, expiresAt, createdBy } = given;
  try {
    const rows = await knex<Row>(table)
      .insert({ name, roles, hash, prefix, expires_at: expiresAt, created_by: createdBy })
      .returning('*');
    return { document: toDocument(rows[0] as Row), token };
  } catch (error) {
    throw isThereAlready(error) ? new ServiceTokenExistsError({ cause: error }) : error;
  }
}

export async function listServiceTokens(knex: Knex): Promise<ServiceTokenDocument[]> {
  return (await knex<Row>(table).orderBy('name')).map(toDocument);
}

/** False where there is none of that id. */
export async function deleteServiceToken(knex: Knex, id: string): Promise<boolean> {
  return (await knex<Row>(table).where({ id }).delete()) > 0;
}

/** All of them, as they are checked. */
export async function readServiceTokens(knex: Knex): Promise<ServiceToken[]> {
  const rows = await knex<Row>(table).select('id', 'name', 'hash', 'roles', 'expires_at');
  return rows.map(({ expires_at, ...token }) => ({
    ...token,
    expiresAt: expires_at?.getTime(),
  }));
}

/** When tokens were used last, unless a replica that saw a later use was faster. */
export async function recordUses(knex: Knex, uses: ReadonlyMap<string, number>): Promise<void> {
  for (const [id, at] of uses) {
    await knex<Row>(table)
      .where({ id })
      .update({ last_used_at: knex.raw('GREATEST(last_used_at, ?)', [new Date(at)]) as never });
  }
}

function toDocument(row: Row): ServiceTokenDocument {
  const { id, name, prefix, roles } = row;
  return {
    id,
    name,
    prefix,
    roles,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  };
}
