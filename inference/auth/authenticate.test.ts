import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CompactSign } from 'jose';
import Koa from 'koa';
import { pino } from 'pino';
import { listening } from '../fixtures/listening.ts';
import { problemResponses, requestIds } from '../http/errors.ts';
import type { RequestState } from '../http/state.ts';
import { issueToken } from './account-tokens.ts';
import { authenticate } from './authenticate.ts';
import { createClusterIssuer, type IssuerSource } from './cluster-issuer.ts';
import { type KeyRing, openKeyRing } from './key-ring.ts';

const log = pino({ level: 'silent' });
const clusterIssuer = 'https://kubernetes.default.svc.cluster.local';
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

const account = { old: ec(), new: ec(), stranger: ec() };
const cluster = { first: rsa(), stranger: rsa() };
const pem = (key: KeyObject, type: 'pkcs8' | 'spki') =>
  key.export({ type, format: 'pem' }) as string;

const now = () => Math.floor(Date.now() / 1000);
type Claims = Record<string, unknown>;

const ownClaims = (change: Claims = {}): Claims => ({
  iss: 'shelfwise',
  aud: 'shelfwise',
  sub: 'id-1',
  name: 'ada',
  role: 'user',
  iat: now(),
  exp: now() + 900,
  ...change,
});
const clusterClaims = (change: Claims = {}): Claims => ({
  iss: clusterIssuer,
  aud: ['shelfwise'],
  sub: 'system:serviceaccount:shop:importer',
  iat: now(),
  nbf: now(),
  exp: now() + 3600,
  'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'importer', uid: 'u' } },
  ...change,
});

/** A compact JWS of any header and claims, signed with any key. */
async function signed(
  header: Record<string, unknown> & { alg: string },
  claims: Claims,
  key: KeyObject,
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key);
}
const own = (change: Claims = {}, header: Claims = {}, key = account.new.privateKey) =>
  signed({ alg: 'ES256', kid: '2026-11', ...header }, ownClaims(change), key);
const ofCluster = (change: Claims = {}, header: Claims = {}, key = cluster.first.privateKey) =>
  signed({ alg: 'RS256', kid: 'c1', ...header }, clusterClaims(change), key);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** HS256 with the text of a public key as the secret. */
function hmac(claims: Claims, kid: string, secret: string): string {
  const body = `${part({ alg: 'HS256', kid })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const source: IssuerSource = {
  async get(path) {
    if (path === '/.well-known/openid-configuration')
      return { issuer: clusterIssuer, jwks_uri: 'https://elsewhere/jwks' };
    const jwk = cluster.first.publicKey.export({ format: 'jwk' }) as JsonWebKey;
    const odd = { kid: 'odd', kty: 'unheard-of' };
    return { keys: [odd, { ...jwk, kid: 'c1', use: 'sig', alg: 'RS256' }] };
  },
};

interface Case {
  name: string;
  header: () => string | Promise<string>;
  status: number;
  /** Of the detail, or of the caller. */
  says: string;
}
const bearer = (token: Promise<string> | string) => async () => `Bearer ${await token}`;
const fresh = (make: () => Promise<string> | string) => async () => `Bearer ${await make()}`;

const cases: Case[] = [
  { name: 'own token', header: fresh(() => own()), status: 200, says: 'ada' },
  {
    name: 'own token of the older key',
    header: fresh(() => own({}, { kid: '2026-10' }, account.old.privateKey)),
    status: 200,
    says: 'ada',
  },
  {
    name: 'the scheme in lower case',
    header: async () => `bearer ${await own()}`,
    status: 200,
    says: 'ada',
  },
  { name: 'ServiceAccount token', header: fresh(() => ofCluster()), status: 200, says: 'importer' },
  { name: 'no header', header: () => '', status: 401, says: 'There is no token' },
  {
    name: 'another scheme',
    header: () => 'Basic YWRhOmFkYQ==',
    status: 401,
    says: 'not of the form Bearer',
  },
  {
    name: 'two tokens',
    header: async () => `Bearer ${await own()} ${await own()}`,
    status: 401,
    says: 'not of the form Bearer',
  },
  { name: 'rubbish', header: bearer('rubbish'), status: 401, says: 'no JWT' },
  { name: 'two dots and nothing', header: bearer('..'), status: 401, says: 'no JWT' },
  {
    name: 'claims that are no JSON',
    header: bearer('e30.bm9wZQ.e30'),
    status: 401,
    says: 'no JWT',
  },
  {
    name: 'alg none',
    header: fresh(() => `${part({ alg: 'none', kid: '2026-11' })}.${part(ownClaims())}.`),
    status: 401,
    says: 'not signed',
  },
  {
    name: 'no signature',
    header: async () => `Bearer ${(await own()).replace(/[^.]*$/, '')}`,
    status: 401,
    says: 'not signed',
  },
  {
    name: 'HS256 with the public key as secret',
    header: fresh(() => hmac(ownClaims(), '2026-11', pem(account.new.publicKey, 'spki'))),
    status: 401,
    says: 'algorithm',
  },
  {
    name: "HS256 with the cluster's public key as secret",
    header: fresh(() => hmac(clusterClaims(), 'c1', pem(cluster.first.publicKey, 'spki'))),
    status: 401,
    says: 'algorithm',
  },
  {
    name: 'RS256 for an own token',
    header: fresh(() =>
      signed({ alg: 'RS256', kid: '2026-11' }, ownClaims(), cluster.first.privateKey),
    ),
    status: 401,
    says: 'algorithm',
  },
  {
    name: "own issuer, signed with the cluster's key and kid",
    header: fresh(() =>
      signed({ alg: 'RS256', kid: 'c1' }, ownClaims({ role: 'admin' }), cluster.first.privateKey),
    ),
    status: 401,
    says: 'kid',
  },
  {
    name: "the cluster's issuer, signed with our key",
    header: fresh(() =>
      signed({ alg: 'ES256', kid: '2026-11' }, clusterClaims(), account.new.privateKey),
    ),
    status: 401,
    says: 'kid',
  },
  {
    name: 'signed with another key under our kid',
    header: fresh(() => own({}, {}, account.stranger.privateKey)),
    status: 401,
    says: 'signature',
  },
  {
    name: "signed with another key under the cluster's kid",
    header: fresh(() => ofCluster({}, {}, cluster.stranger.privateKey)),
    status: 401,
    says: 'signature',
  },
  {
    name: 'a key in its own header',
    header: fresh(() =>
      own(
        {},
        { kid: undefined, jwk: account.stranger.publicKey.export({ format: 'jwk' }) },
        account.stranger.privateKey,
      ),
    ),
    status: 401,
    says: 'kid',
  },
  {
    name: 'unknown kid',
    header: fresh(() => own({}, { kid: '../../2026-11' })),
    status: 401,
    says: 'kid',
  },
  { name: 'no kid', header: fresh(() => own({}, { kid: undefined })), status: 401, says: 'kid' },
  {
    name: 'another audience',
    header: fresh(() => own({ aud: 'other' })),
    status: 401,
    says: 'audience',
  },
  {
    name: "the apiserver's audience",
    header: fresh(() => ofCluster({ aud: [clusterIssuer] })),
    status: 401,
    says: 'audience',
  },
  {
    name: 'no audience',
    header: fresh(() => own({ aud: undefined })),
    status: 401,
    says: 'audience',
  },
  {
    name: 'another issuer',
    header: fresh(() => own({ iss: 'https://evil' })),
    status: 401,
    says: 'issuer',
  },
  { name: 'no issuer', header: fresh(() => own({ iss: undefined })), status: 401, says: 'no JWT' },
  {
    name: 'expired',
    header: fresh(() => own({ iat: now() - 800, exp: now() - 60 })),
    status: 401,
    says: 'expired',
  },
  {
    name: 'expired ServiceAccount token',
    header: fresh(() => ofCluster({ iat: now() - 4000, exp: now() - 60 })),
    status: 401,
    says: 'expired',
  },
  {
    name: 'no exp',
    header: fresh(() => own({ exp: undefined })),
    status: 401,
    says: 'when it ends',
  },
  {
    name: 'exp in ten years',
    header: fresh(() => own({ exp: now() + 315_360_000 })),
    status: 401,
    says: 'live longer',
  },
  {
    name: 'exp as text',
    header: fresh(() => own({ exp: '9999999999' })),
    status: 401,
    says: 'cannot be verified',
  },
  {
    name: 'no iat',
    header: fresh(() => own({ iat: undefined })),
    status: 401,
    says: 'when it was issued',
  },
  {
    name: 'older than tokens may be',
    header: fresh(() => own({ iat: now() - 1000, exp: now() + 600 })),
    status: 401,
    says: 'older',
  },
  {
    name: 'issued in the future',
    header: fresh(() => own({ iat: now() + 300, exp: now() + 600 })),
    status: 401,
    says: 'future',
  },
  {
    name: 'not valid yet',
    header: fresh(() => ofCluster({ nbf: now() + 300 })),
    status: 401,
    says: 'not valid yet',
  },
  {
    name: 'a role that is none',
    header: fresh(() => own({ role: 'root' })),
    status: 401,
    says: 'lacks claims',
  },
  {
    name: 'no subject',
    header: fresh(() => own({ sub: undefined })),
    status: 401,
    says: 'lacks claims',
  },
  {
    name: 'a token of the cluster that is no ServiceAccount',
    header: fresh(() => ofCluster({ 'kubernetes.io': undefined })),
    status: 401,
    says: 'lacks claims',
  },
  {
    name: 'subject and namespace that differ',
    header: fresh(() => ofCluster({ sub: 'system:serviceaccount:other:importer' })),
    status: 401,
    says: 'lacks claims',
  },
  {
    name: 'a namespace that is not allowed',
    header: fresh(() =>
      ofCluster({
        sub: 'system:serviceaccount:other:x',
        'kubernetes.io': { namespace: 'other', serviceaccount: { name: 'x' } },
      }),
    ),
    status: 403,
    says: 'namespace other',
  },
];

describe('authentication', () => {
  let dir: string;
  let keys: KeyRing;
  let server: Awaited<ReturnType<typeof listening>>;

  async function serve(settings: Partial<Parameters<typeof authenticate>[0]> = {}) {
    const app = new Koa<RequestState>();
    app.use(requestIds);
    app.use(problemResponses(log));
    app.use(
      authenticate({
        keys,
        cluster: createClusterIssuer(source, log),
        namespaces: ['shop'],
        ...settings,
      }),
    );
    app.use((ctx) => {
      ctx.body = ctx.state.caller as object;
    });
    return listening(app.callback());
  }
  const ask = async (url: string, header: string) =>
    fetch(url, header === '' ? {} : { headers: { authorization: header } });

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keys-test-'));
    await writeFile(join(dir, '2026-10.pem'), pem(account.old.privateKey, 'pkcs8'));
    await writeFile(join(dir, '2026-11.pem'), pem(account.new.privateKey, 'pkcs8'));
    keys = await openKeyRing(dir);
    server = await serve();
  });
  after(async () => {
    await server.close();
    await rm(dir, { recursive: true });
  });

  for (const { name, header, status, says } of cases) {
    it(`${status}: ${name}`, async () => {
      const answer = await ask(server.url, await header());
      const text = await answer.text();
      expect(`${answer.status} ${text}`)
        .to.match(new RegExp(`^${status} `))
        .and.contain(says);
      const challenge = answer.headers.get('www-authenticate');
      if (status === 401) expect(challenge).to.match(/^Bearer realm="shelfwise"/);
      else expect(challenge).to.equal(null);
    });
  }

  it('takes the tokens it issues, signed by the newest key', async () => {
    const token = await issueToken(keys, { id: 'id-1', username: 'ada', role: 'admin' });
    expect(
      JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()),
    ).to.include({ kid: '2026-11' });
    const answer = await ask(server.url, `Bearer ${token}`);
    expect(await answer.json()).to.deep.equal({
      kind: 'account',
      id: 'id-1',
      username: 'ada',
      role: 'admin',
    });
  });

  it('refuses tokens of a key that was taken out of the folder', async () => {
    const other = await mkdtemp(join(tmpdir(), 'keys-test-'));
    await writeFile(join(other, '2026-11.pem'), pem(account.new.privateKey, 'pkcs8'));
    const ring = await openKeyRing(other);
    const own = await serve({ keys: ring });
    const token = await issueToken(ring, { id: 'id-1', username: 'ada', role: 'user' });
    expect((await ask(own.url, `Bearer ${token}`)).status).to.equal(200);
    await writeFile(join(other, '2026-12.pem'), pem(account.stranger.privateKey, 'pkcs8'));
    await rm(join(other, '2026-11.pem'));
    await ring.reload();
    expect((await ask(own.url, `Bearer ${token}`)).status).to.equal(401);
    await own.close();
    await rm(other, { recursive: true });
  });

  it('says 503 and when to come back while the cluster has not told its keys, and goes on with own tokens', async () => {
    const gone: IssuerSource = { get: () => Promise.reject(new Error('no route to host')) };
    const own_ = await serve({ cluster: createClusterIssuer(gone, log) });
    const answer = await ask(own_.url, `Bearer ${await ofCluster()}`);
    expect(answer.status).to.equal(503);
    expect(answer.headers.get('retry-after')).to.equal('2');
    expect((await ask(own_.url, `Bearer ${await own()}`)).status).to.equal(200);
    await own_.close();
  });

  it('takes ServiceAccounts of every namespace when told so', async () => {
    const open = await serve({ namespaces: ['*'] });
    const token = await ofCluster({
      sub: 'system:serviceaccount:other:x',
      'kubernetes.io': { namespace: 'other', serviceaccount: { name: 'x' } },
    });
    expect((await ask(open.url, `Bearer ${token}`)).status).to.equal(200);
    await open.close();
  });

  it('takes no own tokens where it has no keys, and none of a cluster outside one', async () => {
    const neither = await serve({ keys: undefined, cluster: undefined });
    expect((await ask(neither.url, `Bearer ${await own()}`)).status).to.equal(401);
    expect((await ask(neither.url, `Bearer ${await ofCluster()}`)).status).to.equal(401);
    await neither.close();
  });
});
