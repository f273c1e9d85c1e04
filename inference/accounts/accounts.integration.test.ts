import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  problemSchema,
  tokenResponseSchema,
  usersResponseSchema,
} from '@shelfwise/inference-contract';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { writeUrlFile } from '../../hack/services/postgres.ts';
import { createMetrics } from '../metrics/metrics.ts';
import type { Accounts } from './accounts.ts';
import { admin, openTown, type Replica, strong, type Town } from './fixture.ts';

describe('accounts on a real PostgreSQL', () => {
  let town: Town;
  let accounts: Accounts;
  let call: Replica['call'];
  let logIn: Replica['logIn'];
  const metrics = createMetrics();

  before(async () => {
    town = await openTown();
    ({ accounts, call, logIn } = await town.replica({ metrics }));
  });
  after(() => town?.close());

  const ready = (of: Accounts) => town.state(of, true);

  it('gives the first admin a token that is taken, and is not to be cached', async () => {
    const { headers, body } = await call('POST', '/v1/tokens', admin);
    expect(headers.get('cache-control')).to.equal('no-store');
    const { access_token: token, expires_in: seconds } = tokenResponseSchema.parse(body);
    expect(seconds).to.equal(900);
    const { status, body: users } = await call('GET', '/v1/users', undefined, token);
    expect(status).to.equal(200);
    expect(
      usersResponseSchema.parse(users).users.map((user) => [user.username, user.roles]),
    ).to.deep.equal([['admin', ['admin']]]);
    expect((await call('POST', '/v1/predict', { designation: 'spade' }, token)).status).to.equal(
      200,
    );
  });

  it('lets an admin add users, who may predict but not see or add others', async () => {
    const asAdmin = await logIn(admin);
    const created = await call('POST', '/v1/users', { username: 'ada', password: strong }, asAdmin);
    expect(created.status).to.equal(201);
    expect(created.body).to.deep.include({ username: 'ada', roles: ['predict'] });
    expect(JSON.stringify(created.body)).to.not.contain(strong).and.not.contain('argon2');
    const asAda = await logIn({ username: 'ada', password: strong });
    expect((await call('POST', '/v1/predict', { designation: 'spade' }, asAda)).status).to.equal(
      200,
    );
    expect((await call('GET', '/v1/users', undefined, asAda)).status).to.equal(403);
    expect(
      (await call('POST', '/v1/users', { username: 'bob', password: strong }, asAda)).status,
    ).to.equal(403);
  });

  it('refuses a user that cannot be, naming the field', async () => {
    const token = await logIn(admin);
    const cases: [body: unknown, status: number, part: string][] = [
      [{ username: 'admin', password: strong }, 409, 'username'],
      [{ username: 'Ada Lovelace', password: strong }, 422, 'username'],
      [{ username: 'carl', password: 'short' }, 422, 'password'],
      [{ username: 'carl', password: strong, roles: ['root'] }, 422, 'roles.0'],
      [{ password: strong }, 422, 'username'],
      [{ username: 'carl', password: 'x'.repeat(20_000) }, 413, 'body'],
    ];
    for (const [body, status, part] of cases) {
      const answer = await call('POST', '/v1/users', body, token);
      expect([answer.status, problemSchema.parse(answer.body).part]).to.deep.equal([status, part]);
    }
    expect(
      (await call('POST', '/v1/users', { username: 'carl', password: strong })).status,
    ).to.equal(401);
  });

  it('says the same of a wrong password and of an unknown user', async () => {
    const answers = await Promise.all(
      [
        { username: 'admin', password: 'wrong password' },
        { username: 'nobody', password: 'wrong password' },
      ].map(async (body) => {
        const { status, body: problem } = await call('POST', '/v1/tokens', body);
        return [status, { ...problemSchema.parse(problem), requestId: '' }];
      }),
    );
    expect(answers[0]).to.deep.equal(answers[1]);
    expect(answers[0]?.[0]).to.equal(401);
  });

  it('stops guessing after five failures, for that name, and forgets failures after a success', async () => {
    await call('POST', '/v1/users', { username: 'eve', password: strong }, await logIn(admin));
    const guess = () =>
      call('POST', '/v1/tokens', { username: 'eve', password: 'a wrong password' });
    for (let i = 0; i < 4; i++) expect((await guess()).status).to.equal(401);
    await logIn({ username: 'eve', password: strong });
    // All at once: counted before they are checked, no burst slips through.
    const statuses = (await Promise.all(Array.from({ length: 12 }, guess))).map(
      ({ status }) => status,
    );
    expect(statuses.toSorted()).to.deep.equal([...Array(5).fill(401), ...Array(7).fill(429)]);
    const { status, headers } = await call('POST', '/v1/tokens', {
      username: 'eve',
      password: strong,
    });
    expect(status).to.equal(429);
    expect(Number(headers.get('retry-after'))).to.be.within(1, 60);
    await logIn(admin);
  });

  it('takes an admin at the word of the database, not of the token', async () => {
    const token = await logIn(admin);
    await call(
      'POST',
      '/v1/users',
      { username: 'root2', password: strong, roles: ['admin'] },
      token,
    );
    const second = await logIn({ username: 'root2', password: strong });
    expect((await call('GET', '/v1/users', undefined, second)).status).to.equal(200);
    await (accounts.database.ready() as Knex)('shelfwise_users')
      .where({ username: 'root2' })
      .update({ role: 'user', roles: ['predict'] });
    expect((await call('GET', '/v1/users', undefined, second)).status).to.equal(403);
  });

  it('keeps hashes of argon2id, no passwords', async () => {
    const hashes = await (accounts.database.ready() as Knex)('shelfwise_users').pluck(
      'password_hash',
    );
    for (const hash of hashes) expect(hash).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('goes on predicting while the database is gone, says so, and recovers', async () => {
    const token = await logIn(admin);
    await town.postgres.pause();
    const gone = [
      // More often than wrong passwords may be sent: an outage counts for nobody's failure.
      ...(await Promise.all(Array.from({ length: 5 }, () => call('POST', '/v1/tokens', admin)))),
      await call('POST', '/v1/tokens', admin),
      await call('GET', '/v1/users', undefined, token),
      await call('POST', '/v1/users', { username: 'late', password: strong }, token),
    ];
    expect(gone.map(({ status }) => status)).to.deep.equal(Array(8).fill(503));
    for (const { headers } of gone) expect(headers.get('retry-after')).to.equal('5');
    expect((await call('POST', '/v1/predict', { designation: 'spade' }, token)).status).to.equal(
      200,
    );
    await town.state(accounts, false);
    const { status, body } = await call('GET', '/readyz');
    expect(status).to.equal(200);
    expect(body).to.deep.include({
      dependencies: {
        database: 'down',
        store: 'up',
        clusterKeys: 'not configured',
        oidc: 'not configured',
      },
    });
    expect(await metrics.registry.metrics()).to.contain(
      'shelfwise_inference_dependency_up{dependency="database"} 0',
    );
    await town.postgres.resume();
    await ready(accounts);
    await logIn(admin);
    expect(await metrics.registry.metrics()).to.contain(
      'shelfwise_inference_dependency_up{dependency="database"} 1',
    );
  });

  it('becomes ready when the database comes after the program', async () => {
    await town.postgres.pause();
    const early = await town.open();
    expect(early.database.ready()).to.equal(undefined);
    await town.postgres.resume();
    await ready(early);
    await early.database.close();
    await ready(accounts);
  });

  it('notices a machine that fell silent without closing its connections, and finds the next one', async () => {
    const { port } = new URL(town.postgres.url);
    const sockets: Socket[] = [];
    let silent = false;
    const between = createServer((client) => {
      if (silent) return void sockets.push(client);
      const server = connect(Number(port), '127.0.0.1');
      sockets.push(client.pipe(server), server.pipe(client));
      for (const side of [client, server]) side.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const address = new URL(town.postgres.url);
    address.port = String((between.address() as AddressInfo).port);
    const through = await town.open(await writeUrlFile(join(town.dir, 'through'), address.href));
    await ready(through);
    silent = true;
    for (const side of sockets) side.unpipe().pause();
    await town.state(through, false);
    silent = false;
    await ready(through);
    await through.database.close();
    for (const side of sockets) side.destroy();
    await new Promise((resolve) => between.close(resolve));
  });
});
