import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import Koa from 'koa';
import { pino } from 'pino';
import { listening } from '../fixtures/listening.ts';
import {
  account,
  cluster,
  clusterClaims,
  clusterIssuer,
  clusterSource,
  hmac,
  now,
  ofCluster,
  own,
  ownClaims,
  part,
  pem,
} from '../fixtures/tokens.ts';
import { problemResponses, requestIds } from '../http/errors.ts';
import type { RequestState } from '../http/state.ts';
import { issueToken } from './account-tokens.ts';
import { authenticate } from './authenticate.ts';
import { createClusterIssuer, type IssuerSource } from './cluster-issuer.ts';
import { type KeyRing, openKeyRing } from './key-ring.ts';

const log = pino({ level: 'silent' });

type Row = [status: number, says: string, name: string, header: () => string | Promise<string>];

const bearer = (make: () => Promise<string> | string) => async () => `Bearer ${await make()}`;
const otherNamespace = {
  sub: 'system:serviceaccount:other:x',
  'kubernetes.io': { namespace: 'other', serviceaccount: { name: 'x' } },
};
const oldKey = account.old.privateKey;
const newKey = account.new.privateKey;
const strangerKey = account.stranger.privateKey;
const clusterKey = cluster.first.privateKey;
const ownPublicKey = account.stranger.publicKey.export({ format: 'jwk' });

/** Status, what the answer says (of the caller, or of the reason), what is sent. */
const rows: Row[] = [
  [200, 'ada', 'own token', bearer(() => own())],
  [200, 'ada', 'own token of the older key', bearer(() => own({}, { kid: '2026-10' }, oldKey))],
  [200, 'ada', 'the scheme in lower case', async () => `bearer ${await own()}`],
  [200, 'importer', 'ServiceAccount token', bearer(() => ofCluster())],

  [401, 'There is no token', 'no header', () => ''],
  [401, 'not of the form Bearer', 'another scheme', () => 'Basic YWRhOmFkYQ=='],
  [401, 'not of the form Bearer', 'two tokens', async () => `Bearer ${await own()} ${await own()}`],
  [401, 'no JWT', 'rubbish', () => 'Bearer rubbish'],
  [401, 'no JWT', 'two dots and nothing', () => 'Bearer ..'],
  [401, 'no JWT', 'claims that are no JSON', () => 'Bearer e30.bm9wZQ.e30'],

  [
    401,
    'not signed',
    'alg none',
    bearer(() => `${part({ alg: 'none', kid: '2026-11' })}.${part(ownClaims())}.`),
  ],
  [401, 'not signed', 'no signature', bearer(async () => (await own()).replace(/[^.]*$/, ''))],
  [
    401,
    'algorithm',
    'HS256 with our public key as secret',
    bearer(() => hmac(ownClaims(), '2026-11', account.new.publicKey)),
  ],
  [
    401,
    'algorithm',
    "HS256 with the cluster's public key as secret",
    bearer(() => hmac(clusterClaims(), 'c1', cluster.first.publicKey)),
  ],
  [401, 'algorithm', 'RS256 for an own token', bearer(() => own({}, { alg: 'RS256' }, clusterKey))],
  [
    401,
    'kid',
    "our issuer, the cluster's key and kid",
    bearer(() => own({ role: 'admin' }, { alg: 'RS256', kid: 'c1' }, clusterKey)),
  ],
  [
    401,
    'kid',
    "the cluster's issuer, our key and kid",
    bearer(() => ofCluster({}, { alg: 'ES256', kid: '2026-11' }, newKey)),
  ],
  [401, 'signature', "a stranger's key under our kid", bearer(() => own({}, {}, strangerKey))],
  [
    401,
    'signature',
    "a stranger's key under the cluster's kid",
    bearer(() => ofCluster({}, {}, cluster.stranger.privateKey)),
  ],
  [
    401,
    'kid',
    'a key in its own header',
    bearer(() => own({}, { kid: undefined, jwk: ownPublicKey }, strangerKey)),
  ],
  [401, 'kid', 'unknown kid', bearer(() => own({}, { kid: '../../2026-11' }))],
  [401, 'kid', 'no kid', bearer(() => own({}, { kid: undefined }))],

  [401, 'audience', 'another audience', bearer(() => own({ aud: 'other' }))],
  [401, 'audience', "the apiserver's audience", bearer(() => ofCluster({ aud: [clusterIssuer] }))],
  [401, 'audience', 'no audience', bearer(() => own({ aud: undefined }))],
  [401, 'issuer', 'another issuer', bearer(() => own({ iss: 'https://evil' }))],
  [401, 'no JWT', 'no issuer', bearer(() => own({ iss: undefined }))],

  [401, 'expired', 'expired', bearer(() => own({ iat: now() - 800, exp: now() - 60 }))],
  [
    401,
    'expired',
    'expired ServiceAccount token',
    bearer(() => ofCluster({ iat: now() - 4000, exp: now() - 60 })),
  ],
  [401, 'when it ends', 'no exp', bearer(() => own({ exp: undefined }))],
  [401, 'live longer', 'exp in ten years', bearer(() => own({ exp: now() + 315_360_000 }))],
  [401, 'cannot be verified', 'exp as text', bearer(() => own({ exp: '9999999999' }))],
  [401, 'when it was issued', 'no iat', bearer(() => own({ iat: undefined }))],
  [401, 'older', 'too old', bearer(() => own({ iat: now() - 1000, exp: now() + 600 }))],
  [401, 'future', 'from the future', bearer(() => own({ iat: now() + 300, exp: now() + 600 }))],
  [401, 'not valid yet', 'not valid yet', bearer(() => ofCluster({ nbf: now() + 300 }))],

  [401, 'lacks claims', 'a role that is none', bearer(() => own({ role: 'root' }))],
  [401, 'lacks claims', 'no subject', bearer(() => own({ sub: undefined }))],
  [
    401,
    'lacks claims',
    'no ServiceAccount',
    bearer(() => ofCluster({ 'kubernetes.io': undefined })),
  ],
  [
    401,
    'lacks claims',
    'subject and namespace that differ',
    bearer(() => ofCluster({ sub: 'system:serviceaccount:other:importer' })),
  ],
  [403, 'namespace other', 'another namespace', bearer(() => ofCluster(otherNamespace))],
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
        cluster: createClusterIssuer(clusterSource, log),
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

  for (const [status, says, name, header] of rows) {
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
    const token = await issueToken(keys, { id: 'id-1', name: 'ada', roles: ['admin'] });
    expect(
      JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()),
    ).to.include({ kid: '2026-11' });
    const answer = await ask(server.url, `Bearer ${token}`);
    expect(await answer.json()).to.deep.equal({
      kind: 'account',
      id: 'id-1',
      name: 'ada',
      roles: ['admin'],
    });
  });

  it('refuses tokens of a key that was taken out of the folder', async () => {
    const other = await mkdtemp(join(tmpdir(), 'keys-test-'));
    await writeFile(join(other, '2026-11.pem'), pem(account.new.privateKey, 'pkcs8'));
    const ring = await openKeyRing(other);
    const own = await serve({ keys: ring });
    const token = await issueToken(ring, { id: 'id-1', name: 'ada', roles: ['predict'] });
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
    const token = await ofCluster(otherNamespace);
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
