import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { openKeyRing, settleMs } from '../auth/key-ring.ts';
import { account, pem } from '../fixtures/tokens.ts';
import { openTown, type Replica, type Town } from './fixture.ts';
import { shareKeyAges } from './key-ages.ts';

describe('the ages of token keys', () => {
  let town: Town;
  let replica: Replica;

  before(async () => {
    town = await openTown();
    replica = await town.replica();
  });
  after(() => town?.close());

  it('are what a replica that starts anew goes by, so that it signs as the others do', async () => {
    const dir = join(town.dir, 'rotated');
    await mkdir(dir);
    const write = (kid: string, key: keyof typeof account) =>
      writeFile(join(dir, `${kid}.pem`), pem(account[key].privateKey, 'pkcs8'));
    const { query } = replica.accounts.database;
    let time = Date.now();
    const clock = () => time;

    await write('a', 'old');
    const first = await openKeyRing(dir, clock);
    await query((knex) => shareKeyAges(knex, first));
    await query((knex) =>
      knex('shelfwise_token_keys')
        .where({ kid: 'a' })
        .update({ first_seen_at: new Date(0) }),
    );
    await write('b', 'new');
    await first.reload();
    await query((knex) => shareKeyAges(knex, first));

    const second = await openKeyRing(dir, clock);
    await query((knex) => shareKeyAges(knex, second));
    expect([first.signer().kid, second.signer().kid]).to.deep.equal(['a', 'a']);
    time += settleMs + 60_000;
    expect([first.signer().kid, second.signer().kid]).to.deep.equal(['b', 'b']);
  });

  it('hold no key', async () => {
    const rows = await replica.accounts.database.query((knex) => knex('shelfwise_token_keys'));
    expect(Object.keys(rows[0])).to.have.members(['kid', 'thumbprint', 'first_seen_at']);
  });

  it('do not show in the key set, which has the public halves alone', async () => {
    const { status, headers, body } = await replica.call('GET', '/.well-known/jwks.json');
    expect([status, headers.get('cache-control')]).to.deep.equal([200, 'public, max-age=60']);
    expect(body.keys).to.have.length(1);
    expect(Object.keys(body.keys[0])).to.have.members([
      'kty',
      'crv',
      'x',
      'y',
      'kid',
      'alg',
      'use',
    ]);
    expect(body.keys[0]).to.include({ kid: 'k1', alg: 'ES256', use: 'sig' });
  });
});
