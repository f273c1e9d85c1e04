import type { Knex } from 'knex';
import { Problem } from '../http/problems.ts';
import type { Catalogue } from './catalogue.ts';

/*
 * A database's catalogue is one ModelRelease's, though others may share its accounts: the pictures that its products name lie in one
 * folder, and its view has no room for a second.
 */
const table = 'shelfwise_catalogue';

/** Databases whose catalogue is ours: that stays so while this program runs. What is another's may be handed over. */
const ours = new WeakSet<Catalogue['database']>();

/** Takes the catalogue for this ModelRelease where it is nobody's yet. Throws `no-catalogue` where it is another's. */
export async function claimCatalogue({ database, store }: Catalogue): Promise<void> {
  if (ours.has(database)) return;
  const owner = await database.query(async (knex) => {
    await knex(table).insert({ store: store.url }).onConflict('one').ignore();
    return ownerOf(knex);
  });
  if (owner === store.url) {
    ours.add(database);
    return;
  }
  const detail = `The catalogue in this database belongs to ${owner}: have spec.serving.database name another database.`;
  throw new Problem('no-catalogue', detail);
}

/** Whether there is something to do for this ModelRelease. */
export async function isOurs({ database, store }: Pick<Catalogue, 'database' | 'store'>) {
  if (database.ready() === undefined) return false;
  return ours.has(database) || (await database.query(ownerOf)) === store.url;
}

async function ownerOf(knex: Knex): Promise<string | undefined> {
  const row = await knex(table).first('store');
  return row?.store;
}
