import type { Knex } from 'knex';
import type { KeyRing } from '../auth/key-ring.ts';

/**
 * Notes which keys there are, and tells the ring since when: a replica that starts anew can't know by itself whether a key is new
 * to the others, too. Of the keys nothing but a name and a hash is kept: who writes to the database vouches for nobody.
 */
export async function shareKeyAges(knex: Knex, keys: KeyRing): Promise<void> {
  const mine = keys.all().map(({ kid, thumbprint }) => ({ kid, thumbprint }));
  await knex('shelfwise_token_keys').insert(mine).onConflict('thumbprint').ignore();
  const ages = await knex('shelfwise_token_keys')
    .whereIn(
      'thumbprint',
      mine.map(({ thumbprint }) => thumbprint),
    )
    .select<{ thumbprint: string; age: number }[]>(
      'thumbprint',
      knex.raw('EXTRACT(EPOCH FROM now() - first_seen_at)::float8 AS age'),
    );
  keys.learnAges(ages.map(({ thumbprint, age }) => ({ thumbprint, ageMs: age * 1000 })));
}
