import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { pino } from 'pino';
import { type PostgresService, startPostgres, writeUrlFile } from '../../hack/services/postgres.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { openPool } from './pool.ts';

const log = pino({ level: 'silent' });

describe('migrations', () => {
  let dir: string;
  let postgres: PostgresService;
  let urlFile: string;
  let knex: Knex;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'migrate-test-'));
    postgres = await startPostgres();
    urlFile = await writeUrlFile(join(dir, 'url'), postgres.url);
    knex = openPool(urlFile, log);
  });
  beforeEach(() => knex.raw('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));
  after(async () => {
    await knex?.destroy();
    await postgres?.stop();
    await rm(dir, { recursive: true });
  });

  const done = () => knex('shelfwise_migrations').orderBy('id').pluck('name');

  it('are run once by replicas that start together, also after one was killed at it', async () => {
    await migrate(knex, {});
    await knex('shelfwise_migrations_lock').update({ is_locked: 1 });
    const replicas = Array.from({ length: 6 }, () => openPool(urlFile, log));
    await Promise.all(replicas.map((replica) => migrate(replica)));
    expect(await done()).to.deep.equal(Object.keys(migrations).sort());
    expect(await knex('shelfwise_users')).to.deep.equal([]);
    await Promise.all(replicas.map((replica) => replica.destroy()));
  });

  it('are run by two versions of the program at once', async () => {
    const added = { up: (trx: Knex) => trx.schema.createTable('new', (t) => t.text('a')) };
    const newer = { ...migrations, '999_new': added };
    const replicas = Array.from({ length: 6 }, () => openPool(urlFile, log));
    await Promise.all(replicas.map((one, i) => (i % 2 ? migrate(one) : migrate(one, newer))));
    expect((await done()).sort()).to.deep.equal(Object.keys(newer).sort());
    await Promise.all(replicas.map((replica) => replica.destroy()));
  });

  it('go on where a newer version of the program was before, and where one was added in between', async () => {
    const [first, ...later] = Object.keys(migrations).sort();
    const only = Object.fromEntries([
      [first as string, migrations[first as string]],
    ]) as typeof migrations;
    const newest = {
      ...only,
      '999_new': { up: (trx: Knex) => trx.schema.createTable('new', (t) => t.text('a')) },
    };
    await migrate(knex, newest);
    await migrate(knex);
    expect(await done()).to.deep.equal([first, '999_new', ...later]);
    await migrate(knex, only);
  });

  it('of which one fails leave nothing half-done, and what was done before stays', async () => {
    await migrate(knex);
    const failing = {
      ...migrations,
      '999_fails': {
        async up(trx: Knex) {
          await trx.schema.createTable('half', (t) => t.text('a'));
          throw new Error('no');
        },
      },
    };
    const error = await migrate(knex, failing).catch((e: unknown) => e);
    expect(String(error)).to.contain('no');
    expect(await done()).to.deep.equal(Object.keys(migrations).sort());
    expect(await knex.schema.hasTable('half')).to.equal(false);
  });
});
