import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { retried, usualPatience } from './s3-retry.ts';
import type { Store } from './store.ts';
import { StoreUnreachable } from './store-errors.ts';
import { openS3Store } from './store-s3.ts';

/** Longer than the event loop of a busy machine stands still: the server shares it and has to see each request. */
const quick = { ...usualPatience, silenceMs: 400, pauseMs: 1 };
const failure = (name: string, httpStatusCode?: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });

describe('a request to S3', () => {
  const cases: { name: string; ends: (Error | 'well')[]; attempts: number }[] = [
    { name: 'that succeeds is sent once', ends: ['well'], attempts: 1 },
    { name: 'is sent again after 503', ends: [failure('SlowDown', 503), 'well'], attempts: 2 },
    {
      name: 'is given up after five failures',
      ends: Array(9).fill(failure('InternalError', 500)),
      attempts: 5,
    },
    {
      name: 'is given up after two silences, whatever was between them',
      ends: [failure('TimeoutError'), failure('ECONNRESET'), failure('TimeoutError'), 'well'],
      attempts: 3,
    },
    { name: 'that is refused is sent once', ends: [failure('AccessDenied', 403)], attempts: 1 },
  ];
  for (const { name, ends, attempts } of cases)
    it(name, async () => {
      let sent = 0;
      const last = await retried(quick, async (attempt) => {
        expect(attempt).to.equal(++sent);
        const end = ends[sent - 1];
        if (end instanceof Error) throw end;
        return end;
      }).catch((error: unknown) => error);
      expect(sent).to.equal(attempts);
      expect(last).to.equal(ends[attempts - 1]);
    });

  it('to a store that never answers is over within a minute', () => {
    const { silences, silenceMs, pauseMs } = usualPatience;
    const pauses = Array.from({ length: silences - 1 }, (_, index) => pauseMs * 2 ** index * 1.5);
    const worst = silences * silenceMs + pauses.reduce((sum, pause) => sum + pause, 0);
    expect(worst).to.be.lessThan(60_000);
  });
});

describe('a store that accepts connections and never answers', () => {
  let server: Server;
  let store: Store;
  let dir: string;
  let asked: string[];
  let endpoint: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'silent-'));
    await writeFile(join(dir, 'AWS_ACCESS_KEY_ID'), 'id');
    await writeFile(join(dir, 'AWS_SECRET_ACCESS_KEY'), 'secret');
    await writeFile(join(dir, 'body'), 'text');
    server = createServer(({ method, url }) => void asked.push(`${method} ${url}`));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = { region: 'x', endpoint, forcePathStyle: true, credentialsDir: dir };
    store = openS3Store(new URL('s3://bucket/root'), settings, quick);
  });
  beforeEach(() => {
    asked = [];
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(dir, { recursive: true });
  });

  const acts: [name: string, act: () => Promise<unknown>][] = [
    ['read', () => store.read('key')],
    ['read into a file', () => store.readToFile('key', join(dir, 'out'))],
    ['look at', () => store.stat('key')],
    ['write', () => store.write('key', Buffer.from('text'))],
    ['write a file', () => store.write('key', { path: join(dir, 'body') })],
    ['list', () => Array.fromAsync(store.list('key'))],
    ['remove', () => store.remove('key')],
  ];
  for (const [name, act] of acts)
    it(`is asked twice, and then unreachable: ${name}`, async () => {
      const error = await act().catch((e: unknown) => e);
      expect(error).to.be.instanceOf(StoreUnreachable);
      expect((error as Error).message)
        .to.include(endpoint)
        .and.to.match(/TimeoutError/);
      expect(asked, asked.join('\n')).to.have.length(2);
    });
});
