import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import Koa from 'koa';
import { pino } from 'pino';
import { listening } from '../fixtures/listening.ts';
import {
  account,
  cluster,
  clusterSource,
  hmac,
  keySetOf,
  now,
  oidc,
  own,
  part,
  pem,
  tokenOf,
  unsigned,
  type Voucher,
} from '../fixtures/tokens.ts';
import { problemResponses, requestIds } from '../http/errors.ts';
import type { RequestState } from '../http/state.ts';
import { issueToken } from './account-tokens.ts';
import { type AuthenticateSettings, authenticate } from './authenticate.ts';
import { createClusterIssuer, type IssuerSource } from './cluster-issuer.ts';
import { type KeyRing, openKeyRing } from './key-ring.ts';
import { createOidcIssuer, type OidcIssuer } from './oidc.ts';
import { accountSubject, createRevocations, tokenSubject } from './revocations.ts';

const log = pino({ level: 'silent' });
const inFuture = Date.now() + 900_000;

type Make = (by: Voucher, others: Voucher[]) => Promise<string> | string;
/** What is refused of every issuer alike: what the answer says, what is sent. */
const matrix: [says: string, name: string, token: Make][] = [
  ['not signed', 'alg none', unsigned],
  ['not signed', 'no signature', async (by) => (await tokenOf(by)).replace(/[^.]*$/, '')],
  ['algorithm', 'HS256 with the public key as secret', hmac],
  ['algorithm', 'an algorithm that is not its own', (by) => otherAlgorithm(by)],
  [
    'signature',
    "a stranger's key under its kid",
    (by) => tokenOf(by, {}, {}, by.stranger.privateKey),
  ],
  ['signature', 'claims that were changed', async (by) => changed(await tokenOf(by))],
  ['kid', 'an unknown kid', (by) => tokenOf(by, {}, { kid: '../../etc/passwd' })],
  ['kid', 'no kid', (by) => tokenOf(by, {}, { kid: undefined })],
  [
    'kid',
    'a key in its own header',
    (by) => tokenOf(by, {}, { kid: undefined, jwk: jwkOf(by) }, by.stranger.privateKey),
  ],
  ['kid', 'the key and kid of another issuer', (by, [other]) => borrowed(by, other as Voucher)],
  ['kid', 'the key and kid of the third issuer', (by, [, other]) => borrowed(by, other as Voucher)],
  ['not supported', 'an extension that must be understood', (by) => extended(by)],
  ['audience', 'another audience', (by) => tokenOf(by, { aud: 'other' })],
  ['audience', 'other audiences', (by) => tokenOf(by, { aud: ['https://api', 'shelfwise2'] })],
  ['audience', 'no audience', (by) => tokenOf(by, { aud: undefined })],
  ['issuer', 'another issuer', (by) => tokenOf(by, { iss: 'https://evil' })],
  ['issuer', 'the issuer with a slash more', (by) => tokenOf(by, { iss: `${by.claims.iss}/` })],
  ['no JWT', 'no issuer', (by) => tokenOf(by, { iss: undefined })],
  ['no JWT', 'a list of issuers', (by) => tokenOf(by, { iss: [by.claims.iss] })],
  ['expired', 'expired', (by) => tokenOf(by, { iat: now() - 800, exp: now() - 60 })],
  ['when it ends', 'no exp', (by) => tokenOf(by, { exp: undefined })],
  ['claim exp', 'exp as text', (by) => tokenOf(by, { exp: '9999999999' })],
  ['live longer', 'exp in ten years', (by) => tokenOf(by, { exp: now() + 315_360_000 })],
  ['when it was issued', 'no iat', (by) => tokenOf(by, { iat: undefined })],
  ['older', 'issued too long ago', (by) => tokenOf(by, { iat: now() - by.lifetimeSeconds - 60 })],
  ['in the future', 'issued in the future', (by) => tokenOf(by, { iat: now() + 300 })],
  ['not valid yet', 'nbf in the future', (by) => tokenOf(by, { nbf: now() + 300 })],
  ['claim nbf', 'nbf as text', (by) => tokenOf(by, { nbf: 'now' })],
  ['longer than 8192', 'a huge token', (by) => tokenOf(by, { groups: 'x'.repeat(8_000) })],
  ['lacks claims', 'no subject', (by) => tokenOf(by, { sub: undefined })],
];

const borrowed = (by: Voucher, { alg, kid, key }: Voucher) =>
  tokenOf(
    by,
    { roles: ['admin'] },
    { alg: by.alg === 'ES256' ? 'ES256' : alg, kid },
    keyFor(by, key),
  );
/** The other's key where the issuer's algorithm can use it, else a stranger's: the kid is what must not be found. */
const keyFor = (by: Voucher, { privateKey }: Voucher['key']) =>
  by.alg === 'ES256' && privateKey.asymmetricKeyType !== 'ec' ? by.stranger.privateKey : privateKey;
const jwkOf = (by: Voucher) => by.stranger.publicKey.export({ format: 'jwk' });
const changed = (token: string) => {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return [header, part({ ...claims, sub: 'someone-else', jti: 'x' }), signature].join('.');
};
const extended = async (by: Voucher) => {
  const header = part({ alg: by.alg, kid: by.kid, crit: ['exotic'], exotic: 1 });
  return [header, ...(await tokenOf(by)).split('.').slice(1)].join('.');
};
async function otherAlgorithm(by: Voucher): Promise<string> {
  if (by.otherAlg === 'PS256') return tokenOf(by, {}, { alg: 'PS256' });
  const token = await tokenOf(by);
  return [part({ alg: by.otherAlg, kid: by.kid }), ...token.split('.').slice(1)].join('.');
}

describe('authentication', () => {
  let dir: string;
  let keys: KeyRing;
  let issuer: Awaited<ReturnType<typeof listening>>;
  let settings: AuthenticateSettings & { oidc: OidcIssuer };
  let server: Awaited<ReturnType<typeof listening>>;
  const revocations = createRevocations();
  const vouchers: Record<string, Voucher> = { account: own, serviceAccount: cluster };

  async function serve(change: Partial<AuthenticateSettings> = {}) {
    const app = new Koa<RequestState>();
    app.use(requestIds);
    app.use(problemResponses(log));
    app.use(authenticate({ ...settings, ...change }));
    app.use((ctx) => {
      ctx.body = ctx.state.caller as object;
    });
    return listening(app.callback());
  }
  async function ask(url: string, authorization: string | undefined) {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(url, { headers });
    const { status } = answer;
    return { status, headers: answer.headers, text: await answer.text() };
  }
  const asked = async (token: string, url = server.url) => ask(url, `Bearer ${token}`);

  before(async () => {
    issuer = await listening((req, res) => {
      const url = `http://${req.headers.host}`;
      const said = req.url?.startsWith('/.well-known/')
        ? { issuer: url, jwks_uri: `${url}/jwks` }
        : keySetOf(oidc(url));
      res.setHeader('content-type', 'application/json').end(JSON.stringify(said));
    });
    vouchers.oidc = oidc(issuer.url);
    dir = await mkdtemp(join(tmpdir(), 'keys-test-'));
    await writeFile(join(dir, '2026-10.pem'), pem(account.old.privateKey, 'pkcs8'));
    await writeFile(join(dir, '2026-11.pem'), pem(account.new.privateKey, 'pkcs8'));
    keys = await openKeyRing(dir);
    settings = {
      keys,
      revocations,
      cluster: createClusterIssuer(clusterSource, log),
      namespaces: ['shop'],
      serviceAccounts: [{ namespace: 'imports', name: 'nightly', roles: ['catalogue'] }],
      oidc: createOidcIssuer(
        {
          issuer: issuer.url,
          audience: 'shelfwise',
          rolesClaim: 'realm_access.roles',
          roles: { predict: ['staff', 'editors'], catalogue: ['editors'], admin: ['owners'] },
        },
        log,
      ),
    };
    server = await serve();
  });
  after(async () => {
    await server.close();
    await issuer.close();
    await rm(dir, { recursive: true });
  });

  const callers: Record<string, Caller> = {
    account: { kind: 'account', id: 'id-1', name: 'ada', roles: ['predict'] },
    serviceAccount: {
      kind: 'serviceAccount',
      id: 'system:serviceaccount:shop:importer',
      name: 'shop/importer',
      roles: ['predict'],
    },
    oidc: { kind: 'oidc', id: 'grace', name: 'grace', roles: ['predict'] },
  };
  for (const [kind, caller] of Object.entries(callers)) {
    const by = () => vouchers[kind] as Voucher;
    const others = () => Object.values(vouchers).filter((each) => each !== by());

    it(`200: ${kind}: takes its tokens`, async () => {
      const { status, text } = await asked(await tokenOf(by()));
      expect([status, JSON.parse(text)]).to.deep.equal([200, caller]);
    });

    for (const [says, name, make] of matrix) {
      it(`401: ${kind}: ${name}`, async () => {
        const token = await make(by(), others());
        // Twice: what was refused must not be remembered as anything else.
        for (const _ of [1, 2]) {
          const { status, headers, text } = await asked(token);
          expect(`${status} ${text}`).to.match(/^401 /).and.contain(says);
          expect(JSON.parse(text)).to.include({ part: 'Authorization' });
          expect(headers.get('www-authenticate')).to.match(
            /^Bearer realm="shelfwise", error="invalid_token", error_description="/,
          );
        }
      });
    }

    it(`401: ${kind}: two headers, of which the first is good`, async () => {
      const good = `Bearer ${await tokenOf(by())}`;
      const { hostname, port } = new URL(server.url);
      const text = await new Promise<string>((resolve, reject) => {
        const asking = request({ hostname, port }, async (answer) => {
          resolve(`${answer.statusCode} ${Buffer.concat(await answer.toArray()).toString()}`);
        });
        asking.setHeader('Authorization', [good, 'Bearer e30.e30.e30']);
        asking.on('error', reject).end();
      });
      expect(text).to.match(/^401 /).and.contain('more than once');
    });

    it(`401: ${kind}: a token that expires between two requests`, async () => {
      const token = await tokenOf(by(), { iat: now() - 60, exp: now() - 8 });
      const first = await asked(token);
      const real = Date.now;
      Date.now = () => real() + 5_000;
      const second = await asked(token).finally(() => {
        Date.now = real;
      });
      expect([first.status, second.status]).to.deep.equal([200, 401]);
      expect(second.text).to.contain('expired');
    });
  }

  const headers: [says: string, name: string, header: string | undefined][] = [
    ['There is no token', 'no header', undefined],
    ['not of the form Bearer', 'another scheme', 'Basic YWRhOmFkYQ=='],
    ['not of the form Bearer', 'two tokens', 'Bearer e30.e30.e30 e30.e30.e30'],
    ['not of the form Bearer', 'two tokens with a comma', 'Bearer e30.e30.e30,e30.e30.e30'],
    ['not of the form Bearer', 'no token', 'Bearer '],
    ['no JWT', 'rubbish', 'Bearer rubbish'],
    ['no JWT', 'two dots and nothing', 'Bearer ..'],
    ['no JWT', 'claims that are no JSON', 'Bearer e30.bm9wZQ.e30'],
    ['no JWT', 'five parts, as of an encrypted token', 'Bearer e30.e30.e30.e30.e30'],
    ['no service token', 'a service token of nobody', `Bearer sw_${'a'.repeat(43)}`],
    ['no service token', 'the beginning of a service token', 'Bearer sw_abc'],
  ];
  for (const [says, name, header] of headers) {
    it(`401: ${name}`, async () => {
      const answer = await ask(server.url, header);
      expect(`${answer.status} ${answer.text}`).to.match(/^401 /).and.contain(says);
      expect(answer.headers.get('www-authenticate')).to.match(/^Bearer realm="shelfwise"/);
    });
  }

  describe('accounts', () => {
    it('take the scheme in lower case, and the older key', async () => {
      const older = await tokenOf(own, {}, { kid: '2026-10' }, account.old.privateKey);
      expect((await ask(server.url, `bearer ${older}`)).status).to.equal(200);
    });

    it('take tokens of an older version, which knew a user and an admin', async () => {
      for (const [role, roles] of [
        ['user', ['predict']],
        ['admin', ['admin']],
      ] as const) {
        const { text } = await asked(await tokenOf(own, { role, roles: undefined }));
        expect(JSON.parse(text).roles).to.deep.equal(roles);
      }
    });

    it('refuse roles that there are not', async () => {
      for (const change of [{ roles: ['root'] }, { roles: [] }, { roles: 'admin' }]) {
        const { status, text } = await asked(await tokenOf(own, change));
        expect(`${status} ${text}`).to.match(/^401 .*lacks claims/);
      }
    });

    it('issue tokens that are taken, signed by the newest key, and that an older version takes', async () => {
      const token = await issueToken(keys, { id: 'id-1', name: 'ada', roles: ['admin'] });
      const [header, claims] = token
        .split('.')
        .slice(0, 2)
        .map((each) => JSON.parse(Buffer.from(each, 'base64url').toString()));
      expect([header.kid, claims.role, claims.exp - claims.iat]).to.deep.equal([
        '2026-11',
        'admin',
        900,
      ]);
      expect(JSON.parse((await asked(token)).text)).to.deep.equal({
        kind: 'account',
        id: 'id-1',
        name: 'ada',
        roles: ['admin'],
      });
    });

    it('refuse one token that was revoked, and no other, also when it was taken before', async () => {
      const [gone, stays] = await Promise.all(['a', 'b'].map((jti) => tokenOf(own, { jti })));
      expect((await asked(gone as string)).status).to.equal(200);
      revocations.add([{ subject: tokenSubject('a'), generation: 0, expiresAt: inFuture }]);
      const { status, text } = await asked(gone as string);
      expect(`${status} ${text}`).to.match(/^401 .*it has been revoked/);
      expect((await asked(stays as string)).status).to.equal(200);
    });

    it('refuse all tokens of a generation that was revoked, those of an older version among them', async () => {
      const token = (gen: number | undefined) => tokenOf(own, { sub: 'id-2', gen });
      const tokens = await Promise.all([undefined, 1, 2].map(token));
      for (const each of tokens) expect((await asked(each)).status).to.equal(200);
      revocations.add([{ subject: accountSubject('id-2'), generation: 2, expiresAt: inFuture }]);
      const statuses = await Promise.all(tokens.map(async (each) => (await asked(each)).status));
      expect(statuses).to.deep.equal([401, 401, 200]);
    });
  });

  describe('ServiceAccounts', () => {
    const of = (namespace: string, name: string) => ({
      sub: `system:serviceaccount:${namespace}:${name}`,
      'kubernetes.io': { namespace, serviceaccount: { name } },
    });

    it('may not call from another namespace', async () => {
      const { status, text, headers: sent } = await asked(await tokenOf(cluster, of('other', 'x')));
      expect(`${status} ${text}`).to.match(/^403 .*namespace other/);
      expect(sent.get('www-authenticate')).to.equal(null);
    });

    it('have the roles that are given to them by name, also those of another namespace', async () => {
      const { text } = await asked(await tokenOf(cluster, of('imports', 'nightly')));
      expect(JSON.parse(text).roles).to.deep.equal(['catalogue']);
      expect((await asked(await tokenOf(cluster, of('imports', 'other')))).status).to.equal(403);
    });

    it('may call from every namespace when told so', async () => {
      const open = await serve({ namespaces: ['*'] });
      expect((await asked(await tokenOf(cluster, of('other', 'x')), open.url)).status).to.equal(
        200,
      );
      await open.close();
    });

    it('must be the subject that their claims say', async () => {
      for (const change of [
        { 'kubernetes.io': undefined },
        { sub: 'system:serviceaccount:other:importer' },
      ]) {
        const { status, text } = await asked(await tokenOf(cluster, change));
        expect(`${status} ${text}`).to.match(/^401 .*lacks claims/);
      }
    });

    it('wait (503) while the cluster has not told its keys; own tokens do not', async () => {
      const gone: IssuerSource = { get: () => Promise.reject(new Error('no route to host')) };
      const alone = await serve({ cluster: createClusterIssuer(gone, log) });
      const { status, headers: sent } = await asked(await tokenOf(cluster), alone.url);
      expect([status, sent.get('retry-after')]).to.deep.equal([503, '2']);
      expect((await asked(await tokenOf(own), alone.url)).status).to.equal(200);
      await alone.close();
    });
  });

  describe('an OpenID Connect issuer', () => {
    const roles: [groups: unknown, roles: string[]][] = [
      [['staff'], ['predict']],
      [
        ['editors', 'others'],
        ['predict', 'catalogue'],
      ],
      ['owners staff', ['predict', 'admin']],
      [['others'], []],
      [[1, null], []],
      [undefined, []],
    ];
    for (const [groups, given] of roles) {
      it(`gives ${given.join(' and ') || 'no role'} for ${JSON.stringify(groups)}`, async () => {
        const token = await tokenOf(vouchers.oidc as Voucher, { realm_access: { roles: groups } });
        expect(JSON.parse((await asked(token)).text).roles).to.deep.equal(given);
      });
    }

    it('wait (503) until it tells its keys', async () => {
      const url = 'http://127.0.0.1:9';
      const gone = { issuer: url, audience: 'shelfwise', rolesClaim: 'roles', roles: {} };
      const alone = await serve({ oidc: createOidcIssuer(gone, log) });
      const { status, text } = await asked(await tokenOf(oidc(url)), alone.url);
      expect(`${status} ${text}`).to.match(/^503 .*keys-unavailable/);
      await alone.close();
    });
  });

  it('takes tokens of nobody who was not configured', async () => {
    const none = await serve({ keys: undefined, cluster: undefined, oidc: undefined });
    for (const by of Object.values(vouchers))
      expect((await asked(await tokenOf(by), none.url)).status).to.equal(401);
    await none.close();
  });
});
