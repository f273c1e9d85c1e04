import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { evaluationSchema, problemSchema, releasesSchema } from '@shelfwise/inference-contract';
import { keys, openStore, type Store, StoreUnreachable } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { served, type TestService, testService } from '../fixtures/service.ts';
import { tinyEvaluation } from '../fixtures/tiny-evaluation.ts';
import { openShelf } from './shelf.ts';

const evaluation = tinyEvaluation(served.release, served.digest);

describe('releases over HTTP', () => {
  let dir: string;
  let store: Store;
  let service: TestService;
  let broken = false;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'releases-test-'));
    store = openStore(pathToFileURL(dir).href, { region: 'none', forcePathStyle: false });
    const gone = () => {
      if (broken) throw new StoreUnreachable('the store is gone');
    };
    const shelf = openShelf({
      ...store,
      read: async (...asked) => {
        gone();
        return store.read(...asked);
      },
      async *list(prefix) {
        gone();
        yield* store.list(prefix);
      },
    });
    service = await testService({ shelf });
    const write = (key: string, value: unknown) =>
      store.write(key, Buffer.from(JSON.stringify(value)));
    await write(keys.evaluation(served.release), evaluation);
    await write(keys.manifest(served.release), {});
    await write(keys.manifest('shop-20261115-030000'), {});
    await write(keys.evaluation('unpublished'), {});
    await write('secret/evaluation.json', evaluation);
  });
  afterEach(() => {
    broken = false;
  });
  after(async () => {
    await service?.close();
    await rm(dir, { recursive: true });
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(service.url + path, { headers: { authorization: service.authorization, ...headers } });

  it('gives an evaluation whole, and not again to who has it', async () => {
    const path = `/v1/releases/${served.release}/evaluation`;
    const answer = await get(path);
    expect(answer.status).to.equal(200);
    expect(evaluationSchema.parse(await answer.json())).to.deep.equal(evaluation);
    const etag = answer.headers.get('etag') as string;
    const again = await get(path, { 'if-none-match': `"other", ${etag}` });
    expect([again.status, await again.text()]).to.deep.equal([304, '']);
    expect((await get(path, { 'if-none-match': '"other"' })).status).to.equal(200);
  });

  it('lists what was published, and says which one serves', async () => {
    const listed = releasesSchema.parse(await (await get('/v1/releases')).json());
    expect(listed.releases).to.deep.equal([
      { release: served.release, evaluated: true, serving: true },
      { release: 'shop-20261115-030000', evaluated: false, serving: false },
    ]);
  });

  const refusals: { name: string; path: string; status: number; says: RegExp; gone?: boolean }[] = [
    { name: 'unknown', path: 'other', status: 404, says: /no evaluation of the release other/ },
    {
      name: 'not evaluated',
      path: 'shop-20261115-030000',
      status: 404,
      says: /was not evaluated/,
    },
    { name: 'a name that climbs', path: '..%2f..%2fsecret', status: 404, says: /lowercase/ },
    { name: 'a name with a NUL', path: 'a%00', status: 404, says: /lowercase/ },
    { name: 'a name that is too long', path: 'a'.repeat(64), status: 404, says: /release/ },
    {
      name: 'while the store is gone',
      path: 'third',
      status: 503,
      says: /predictions go on/,
      gone: true,
    },
    {
      name: 'a document that is no evaluation',
      path: 'unpublished',
      status: 500,
      says: /request id/,
    },
  ];
  for (const { name, path, status, says, gone = false } of refusals) {
    it(`answers ${status}: ${name}`, async () => {
      broken = gone;
      const answer = await get(`/v1/releases/${path}/evaluation`);
      expect(answer.status).to.equal(status);
      expect(problemSchema.parse(await answer.json()).detail).to.match(says);
      expect(answer.headers.has('retry-after')).to.equal(gone);
    });
  }
});
