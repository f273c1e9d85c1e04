import type { Knex } from 'knex';
import { Problem } from '../http/problems.ts';
import type { Catalogue } from './catalogue.ts';

/*
 * A database's catalogue is one ModelRelease's, though others may share its accounts: the pictures that its products name lie in one
 * folder, and its view has no room for a second.
 */
const table = 'shelfwise_catalogue';

/** Whose catalogue a database holds does not change while anybody works with it. */
const known = new WeakMap<Catalogue['database'], string>();

/** Takes the catalogue for this ModelRelease where it is nobody's yet. Throws `no-catalogue` where it is another's. */
export async function claimCatalogue({ database, store }: Catalogue): Promise<void> {
  const owner =
    known.get(database) ??
    (await database.query(async (knex) => {
      await knex(table).insert({ store: store.url }).onConflict('one').ignore();
      return ownerOf(knex);
    }));
  if (owner !== undefined) known.set(database, owner);
  if (owner === store.url) return;
  const detail = `The catalogue in this database belongs to ${owner}: have spec.serving.database name another database.`;
  throw new Problem('no-catalogue', detail);
}

/** Whether there is something to do for this ModelRelease. */
export async function isOurs({ database, store }: Pick<Catalogue, 'database' | 'store'>) {
  if (database.ready() === undefined) return false;
  return (known.get(database) ?? (await database.query(ownerOf))) === store.url;
}

async function ownerOf(knex: Knex): Promise<string | undefined> {
  const row = await knex(table).first('store');
  return row?.store;
}
