import type { Knex } from 'knex';
import { accountTokens } from '../auth/account-tokens.ts';
import type { Revocation } from '../auth/revocations.ts';

const table = 'shelfwise_revocations';

interface Row {
  subject: string;
  generation: number;
  recorded_at: Date;
  expires_at: Date;
}

/** Longer than any token may live that is being signed at this moment by a replica whose clock is a little off. */
const keptSeconds = accountTokens.lifetimeSeconds + 5 * 60;
/** Longer than a statement may take: what was recorded but not yet to be seen when it was asked before is seen now. */
const overlapSeconds = 30;

/** Writes a revocation down for all replicas; gives it for this one to apply at once. */
export async function revoke(knex: Knex, subject: string, generation: number): Promise<Revocation> {
  await knex.raw(
    `INSERT INTO ${table} (subject, generation, expires_at)
     VALUES (?, ?, clock_timestamp() + make_interval(secs => ?))
     ON CONFLICT (subject) DO UPDATE SET
       generation = GREATEST(${table}.generation, EXCLUDED.generation),
       recorded_at = clock_timestamp(), expires_at = EXCLUDED.expires_at`,
    [subject, generation, keptSeconds],
  );
  return { subject, generation, expiresAt: Date.now() + keptSeconds * 1000 };
}

/** What was revoked since the replica asked before: all there is when it has not for a while. */
export async function readRevocations(knex: Knex, recent: boolean): Promise<Revocation[]> {
  const query = knex<Row>(table).where('expires_at', '>', knex.raw('now()'));
  if (recent) {
    const since = knex.raw('now() - make_interval(secs => ?)', [overlapSeconds]);
    query.where('recorded_at', '>', since);
  }
  const rows: Row[] = await query;
  return rows.map(({ subject, generation, expires_at }) => ({
    subject,
    generation,
    expiresAt: expires_at.getTime(),
  }));
}

export async function forgetExpiredRevocations(knex: Knex): Promise<void> {
  await knex<Row>(table).where('expires_at', '<', knex.raw('now()')).delete();
}
