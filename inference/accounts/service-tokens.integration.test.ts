import { expect } from 'chai';
import { waitFor } from '../../hack/process/wait.ts';
import { admin, openTown, type Replica, type Town } from './fixture.ts';

describe('service tokens, on two replicas', () => {
  let town: Town;
  let here: Replica;
  let there: Replica;
  let asAdmin: string;

  before(async () => {
    town = await openTown();
    [here, there] = await Promise.all([town.replica(), town.replica()]);
    asAdmin = await here.logIn(admin);
  });
  after(() => town?.close());

  async function add(name: string, more: object = {}) {
    const answer = await here.call('POST', '/v1/service-tokens', { name, ...more }, asAdmin);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    return answer.body as { id: string; token: string; prefix: string };
  }
  const me = (of: Replica, token: string) => of.call('GET', '/v1/me', undefined, token);

  it('are told once, kept as a hash, and taken by every replica at once', async () => {
    const { id, token, prefix } = await add('nightly', { roles: ['catalogue'] });
    expect(token).to.match(/^sw_[A-Za-z0-9_-]{43}$/);
    expect(token.startsWith(prefix)).to.equal(true);
    for (const replica of [there, here]) {
      const { status, body } = await me(replica, token);
      expect([status, body]).to.deep.equal([
        200,
        { kind: 'serviceToken', id, name: 'nightly', roles: ['catalogue'] },
      ]);
    }
    const predicted = await there.call('POST', '/v1/predict', { designation: 'spade' }, token);
    expect(predicted.status).to.equal(200);
    expect((await there.call('GET', '/v1/users', undefined, token)).status).to.equal(403);
    const { body } = await there.call('GET', '/v1/service-tokens', undefined, asAdmin);
    expect(body.serviceTokens[0]).to.deep.include({ name: 'nightly', prefix, createdBy: 'admin' });
    expect(JSON.stringify(body)).to.not.contain(token);
    const rows = await here.accounts.database.query((knex) => knex('shelfwise_service_tokens'));
    expect(JSON.stringify(rows)).to.not.contain(token.slice(9));
  });

  it('are refused on every replica soon after they were revoked', async () => {
    const { id, token } = await add('short-lived');
    expect((await me(there, token)).status).to.equal(200);
    const revoked = await here.call('DELETE', `/v1/service-tokens/${id}`, undefined, asAdmin);
    expect([revoked.status, (await me(here, token)).status]).to.deep.equal([204, 401]);
    await waitFor(async () => ((await me(there, token)).status === 401 ? true : undefined), {
      what: 'the other replica to refuse the token',
      limitMs: 300_000,
    });
    const again = await here.call('DELETE', `/v1/service-tokens/${id}`, undefined, asAdmin);
    expect(again.status).to.equal(404);
  });

  it('end when they should', async () => {
    const soon = new Date(Date.now() + 4_000).toISOString();
    const { token } = await add('ends-soon', { expiresAt: soon });
    await waitFor(async () => ((await me(there, token)).status === 401 ? true : undefined), {
      what: 'the token to end',
      limitMs: 300_000,
    });
    const { status, body } = await here.call(
      'POST',
      '/v1/service-tokens',
      { name: 'too-late', expiresAt: '2020-01-01T00:00:00Z' },
      asAdmin,
    );
    expect([status, body.part]).to.deep.equal([422, 'expiresAt']);
  });

  it('that cannot be are refused, naming the field', async () => {
    await add('taken');
    const cases: [body: object, status: number, part: string][] = [
      [{ name: 'taken' }, 409, 'name'],
      [{ name: 'Not A Name' }, 422, 'name'],
      [{}, 422, 'name'],
      [{ name: 'x', roles: [] }, 422, 'roles'],
      [{ name: 'x', roles: ['predict', 'predict'] }, 422, 'roles'],
      [{ name: 'x', roles: ['root'] }, 422, 'roles.0'],
      [{ name: 'x', expiresAt: 'tomorrow' }, 422, 'expiresAt'],
    ];
    for (const [body, status, part] of cases) {
      const answer = await here.call('POST', '/v1/service-tokens', body, asAdmin);
      expect([answer.status, answer.body.part], JSON.stringify(body)).to.deep.equal([status, part]);
    }
  });

  it('that were made up cost the database nothing, and keep no new one waiting', async () => {
    const random = () =>
      `sw_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`;
    const { database } = there.accounts;
    const before = await there.accounts.database.query(statements);
    const statuses = new Set<number>();
    for (let i = 0; i < 300; i++) statuses.add((await me(there, random())).status);
    expect([...statuses]).to.deep.equal([401]);
    const { token } = await add('beside-a-flood');
    await waitFor(
      async () => {
        await me(there, random());
        return (await me(there, token)).status === 200 ? true : undefined;
      },
      { what: 'the new token to be taken', limitMs: 300_000 },
    );
    expect((await database.query(statements)) - before).to.be.lessThan(300);
  });

  it('that are known are taken while the database is gone; of others it is said that nobody can tell', async () => {
    const { token } = await add('outage');
    await waitFor(async () => ((await me(there, token)).status === 200 ? true : undefined), {
      what: 'the token to be taken',
      limitMs: 300_000,
    });
    await town.postgres.pause();
    await town.state(there.accounts, false);
    expect((await me(there, token)).status).to.equal(200);
    const unknown = `sw_${'a'.repeat(43)}`;
    await waitFor(async () => ((await me(there, unknown)).status === 503 ? true : undefined), {
      what: 'an unknown token to be answered 503',
      limitMs: 300_000,
    });
    expect((await me(there, token)).status).to.equal(200);
    await town.postgres.resume();
    await town.state(there.accounts, true);
    await town.state(here.accounts, true);
  });
});

/** Transactions that the database has seen so far. */
async function statements(knex: import('knex').Knex): Promise<number> {
  const { rows } = await knex.raw(
    'SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = current_database()',
  );
  return Number(rows[0].count);
}
