import type { User } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { waitFor } from '../../hack/process/wait.ts';
import { admin, openTown, type Replica, strong, type Town } from './fixture.ts';

const nobody = '00000000-0000-4000-8000-000000000000';

describe('users, on two replicas', () => {
  let town: Town;
  let here: Replica;
  let there: Replica;
  let asAdmin: string;

  before(async () => {
    town = await openTown();
    [here, there] = await Promise.all([town.replica(), town.replica()]);
  });
  beforeEach(async () => {
    asAdmin = await here.logIn(admin);
  });
  after(() => town?.close());

  async function add(username: string, roles?: string[]) {
    const { status, body, headers } = await here.call(
      'POST',
      '/v1/users',
      { username, password: strong, ...(roles && { roles }) },
      asAdmin,
    );
    expect(status, JSON.stringify(body)).to.equal(201);
    expect(headers.get('location')).to.equal(`/v1/users/${body.id}`);
    return { user: body as User, token: await here.logIn({ username, password: strong }) };
  }
  const me = async (of: Replica, token: string) =>
    (await of.call('GET', '/v1/me', undefined, token)).status;
  const refusedEverywhere = (token: string) =>
    waitFor(
      async () => {
        const seen = await Promise.all([here, there].map((each) => me(each, token)));
        return seen.every((status) => status === 401) ? true : undefined;
      },
      { what: 'both replicas to refuse the token', limitMs: 300_000 },
    );

  it('have roles, which the token and the other replica know', async () => {
    const { user, token } = await add('ada', ['catalogue']);
    expect(user).to.deep.include({ username: 'ada', roles: ['catalogue'], disabled: false });
    const { body } = await there.call('GET', '/v1/me', undefined, token);
    expect(body).to.deep.equal({
      kind: 'account',
      id: user.id,
      name: 'ada',
      roles: ['catalogue'],
    });
    expect(
      (await there.call('GET', `/v1/users/${user.id}`, undefined, asAdmin)).body,
    ).to.deep.equal(user);
    expect((await there.call('GET', '/v1/users', undefined, token)).status).to.equal(403);
  });

  it('are listed page by page', async () => {
    for (const name of ['page-c', 'page-a', 'page-b']) await add(name);
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/users?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`;
      const { status, body } = await there.call('GET', path, undefined, asAdmin);
      expect(status).to.equal(200);
      expect(body.users.length).to.be.within(1, 2);
      names.push(...body.users.map(({ username }: User) => username));
      cursor = body.next;
    } while (cursor !== null);
    expect(names).to.deep.equal(names.toSorted());
    expect(names).to.include.members(['admin', 'page-a', 'page-b', 'page-c']);
    for (const [query, part] of [
      ['limit=0', 'limit'],
      ['limit=501', 'limit'],
      ['cursor=%00', 'cursor'],
      ['cursor=!!', 'cursor'],
      ['page=2', 'page'],
    ]) {
      const { status, body } = await here.call('GET', `/v1/users?${query}`, undefined, asAdmin);
      expect([status, body.part], query).to.deep.equal([part === 'page' ? status : 422, part]);
      expect(status).to.be.within(400, 422);
    }
  });

  it('that there are not are not found', async () => {
    const asked: [method: string, path: string, body?: unknown][] = [
      ['GET', ''],
      ['PATCH', '', { disabled: true }],
      ['DELETE', ''],
      ['PUT', '/password', { password: strong }],
      ['DELETE', '/tokens'],
    ];
    for (const id of [nobody, 'admin', '%00'])
      for (const [method, path, body] of asked)
        expect((await here.call(method, `/v1/users/${id}${path}`, body, asAdmin)).status).to.equal(
          404,
        );
  });

  const revoking: [
    what: string,
    method: string,
    path: (id: string) => string,
    body: unknown,
    by: 'admin' | 'own',
  ][] = [
    ['other roles', 'PATCH', (id) => `/v1/users/${id}`, { roles: ['catalogue'] }, 'admin'],
    ['being disabled', 'PATCH', (id) => `/v1/users/${id}`, { disabled: true }, 'admin'],
    [
      "an admin's new password",
      'PUT',
      (id) => `/v1/users/${id}/password`,
      { password: `${strong}!` },
      'admin',
    ],
    ['an admin who revokes', 'DELETE', (id) => `/v1/users/${id}/tokens`, undefined, 'admin'],
    ['being removed', 'DELETE', (id) => `/v1/users/${id}`, undefined, 'admin'],
    [
      'an own new password',
      'PUT',
      () => '/v1/me/password',
      { currentPassword: strong, password: `${strong}!` },
      'own',
    ],
    ['logging out everywhere', 'DELETE', () => '/v1/me/tokens', undefined, 'own'],
  ];
  for (const [at, [what, method, path, body, by]] of revoking.entries()) {
    it(`lose every token by ${what}, at once here and soon there`, async () => {
      const { user, token } = await add(`revoked-${at}`);
      const second = await there.logIn({ username: user.username, password: strong });
      for (const each of [token, second])
        expect(await Promise.all([me(here, each), me(there, each)])).to.deep.equal([200, 200]);
      const { status } = await here.call(
        method,
        path(user.id),
        body,
        by === 'admin' ? asAdmin : token,
      );
      expect(status).to.be.oneOf([200, 204]);
      expect([await me(here, token), await me(here, second)]).to.deep.equal([401, 401]);
      await refusedEverywhere(token);
      await refusedEverywhere(second);
      expect(await me(there, asAdmin)).to.equal(200);
    });
  }

  it('log out of one token, and go on with another', async () => {
    const { token } = await add('two-tokens');
    const other = await there.logIn({ username: 'two-tokens', password: strong });
    expect((await there.call('DELETE', '/v1/me/token', undefined, token)).status).to.equal(204);
    await refusedEverywhere(token);
    expect([await me(here, other), await me(there, other)]).to.deep.equal([200, 200]);
  });

  it('who are disabled cannot log in, which says no more than a wrong password, until they are enabled', async () => {
    const { user } = await add('sleeper');
    const switched = async (disabled: boolean) => {
      const { status, body } = await here.call(
        'PATCH',
        `/v1/users/${user.id}`,
        { disabled },
        asAdmin,
      );
      expect([status, body.disabled]).to.deep.equal([200, disabled]);
    };
    await switched(true);
    const { status, body } = await there.call('POST', '/v1/tokens', {
      username: 'sleeper',
      password: strong,
    });
    expect([status, body.detail]).to.deep.equal([401, 'The user name or the password is wrong.']);
    await switched(false);
    expect(await me(there, await there.logIn({ username: 'sleeper', password: strong }))).to.equal(
      200,
    );
  });

  it('change their password by knowing it', async () => {
    const { token } = await add('carol');
    const change = (currentPassword: string, password: string) =>
      there.call('PUT', '/v1/me/password', { currentPassword, password }, token);
    expect((await change('a wrong password', `${strong}!`)).status).to.equal(401);
    const short = await change(strong, 'short');
    expect([short.status, short.body.part]).to.deep.equal([422, 'password']);
    expect((await change(strong, `${strong}!`)).status).to.equal(204);
    const old = await here.call('POST', '/v1/tokens', { username: 'carol', password: strong });
    expect(old.status).to.equal(401);
    expect(
      await me(here, await here.logIn({ username: 'carol', password: `${strong}!` })),
    ).to.equal(200);
  });

  it('always have an admin: the last one is neither demoted, disabled nor removed', async () => {
    const { body } = await here.call('GET', '/v1/me', undefined, asAdmin);
    const path = `/v1/users/${body.id}`;
    const tries: [method: string, body?: unknown][] = [
      ['PATCH', { roles: ['catalogue'] }],
      ['PATCH', { disabled: true }],
      ['DELETE'],
    ];
    for (const [method, change] of tries) {
      const answer = await here.call(method, path, change, asAdmin);
      expect([answer.status, answer.body.type]).to.deep.equal([
        409,
        'https://shelfwise.dev/problems/last-admin',
      ]);
    }
    expect(await me(here, asAdmin)).to.equal(200);
  });

  it('of two admins who demote each other at the same time one stays', async () => {
    const { body: first } = await here.call('GET', '/v1/me', undefined, asAdmin);
    for (let round = 0; round < 5; round++) {
      const { user: second, token } = await add(`admin-${round}`, ['admin']);
      const demote = { roles: ['predict'] };
      const [one, other] = await Promise.all([
        here.call('PATCH', `/v1/users/${second.id}`, demote, asAdmin),
        there.call('PATCH', `/v1/users/${first.id}`, demote, token),
      ]);
      // Who came second is no admin any more, by the word of the database, or the last one.
      expect([one.status, other.status].toSorted()).to.satisfy(
        ([low, high]: number[]) => low === 200 && (high === 403 || high === 409),
      );
      if (one.status !== 200) {
        const rescue = await there.logIn({ username: second.username, password: strong });
        const back = { roles: ['admin'] };
        expect((await there.call('PATCH', `/v1/users/${first.id}`, back, rescue)).status).to.equal(
          200,
        );
        asAdmin = await here.logIn(admin);
        await here.call('DELETE', `/v1/users/${second.id}`, undefined, asAdmin);
      }
    }
  });

  it('that an older version added may predict, and its admins all', async () => {
    const passwordHash = await here.accounts.passwords.hash(strong);
    await here.accounts.database.query((knex) =>
      knex('shelfwise_users').insert([
        { username: 'old-user', password_hash: passwordHash, role: 'user' },
        { username: 'old-admin', password_hash: passwordHash, role: 'admin' },
      ]),
    );
    for (const [username, roles] of [
      ['old-user', ['predict']],
      ['old-admin', ['admin']],
    ] as const) {
      const token = await there.logIn({ username, password: strong });
      expect((await there.call('GET', '/v1/me', undefined, token)).body.roles).to.deep.equal(roles);
    }
  });

  it('stay logged in while the database is gone, and cannot log out then', async () => {
    const { token } = await add('outage');
    await town.postgres.pause();
    await Promise.all([here, there].map(({ accounts }) => town.state(accounts, false)));
    expect([await me(here, token), await me(there, token)]).to.deep.equal([200, 200]);
    const { status, headers } = await here.call('DELETE', '/v1/me/token', undefined, token);
    expect([status, headers.get('retry-after')]).to.deep.equal([503, '5']);
    await town.postgres.resume();
    await Promise.all([here, there].map(({ accounts }) => town.state(accounts, true)));
    expect((await here.call('DELETE', '/v1/me/token', undefined, token)).status).to.equal(204);
    await refusedEverywhere(token);
  });
});
