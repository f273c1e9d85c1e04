import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type S3Service, startVersitygw } from '../../hack/services/versitygw.ts';
import { StepError } from './messages.ts';
import { openStore } from './store.ts';
import { behavesAsStore } from './store-behaviour.ts';
import { StoreUnreachable } from './store-errors.ts';
import { storeSettingsFromEnv } from './store-settings.ts';

type Fault = (
  incoming: IncomingMessage,
  answer: IncomingMessage,
  response: ServerResponse,
  n: number,
) => boolean;

/** Stands before the store; `fault` may answer in its place (and then returns true), counting requests from 1. */
async function startProxy(target: string, fault: Fault): Promise<{ url: string; server: Server }> {
  let n = 0;
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, response) => {
    const number = ++n;
    const { method, url, headers } = incoming;
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      if (fault(incoming, answer, response, number)) return;
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('S3 as a store', () => {
  let s3: S3Service;
  before(async function () {
    this.timeout(600_000);
    s3 = await startVersitygw();
  });
  after(() => s3?.stop());

  const open = (env: Record<string, string> = {}, bucket = s3.bucket) =>
    openStore(`s3://${bucket}/${randomUUID()}`, storeSettingsFromEnv({ ...s3.env, ...env }));

  behavesAsStore(async () => open());

  const readError = (env: Record<string, string>, bucket?: string) =>
    open(env, bucket)
      .read('key')
      .catch((e: unknown) => e as Error);

  it('names a bucket that does not exist', async () => {
    const error = await readError({}, 'nowhere');
    expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadConfiguration');
    expect(error).to.match(/There is no bucket nowhere at http:/);
  });

  describe('credentials', () => {
    let dir: string;
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'credentials-'));
    });
    afterEach(() => rm(dir, { recursive: true }));
    const put = (id: string, secret: string) =>
      Promise.all([
        writeFile(join(dir, 'AWS_ACCESS_KEY_ID'), id),
        writeFile(join(dir, 'AWS_SECRET_ACCESS_KEY'), secret),
      ]);

    it('that are missing are named with their file', async () => {
      const error = await readError({ S3_CREDENTIALS_DIR: dir });
      expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadConfiguration');
      expect(error).to.match(/no key AWS_ACCESS_KEY_ID in /);
    });

    it('that are wrong are told from a store that does not answer', async () => {
      await put('tests', 'wrong');
      const error = await readError({ S3_CREDENTIALS_DIR: dir });
      expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadConfiguration');
      expect(error).to.match(/does not let these credentials read key .*SignatureDoesNotMatch/);
    });

    it('are read again when they change', async () => {
      await put('tests', 'wrong');
      const store = open({ S3_CREDENTIALS_DIR: dir });
      expect(await store.read('key').catch((e: unknown) => e)).to.match(/SignatureDoesNotMatch/);
      const { readFile } = await import('node:fs/promises');
      await put('tests', await readFile(join(s3.credentialsDir, 'AWS_SECRET_ACCESS_KEY'), 'utf8'));
      await store.write('key', Buffer.from('x'));
      expect((await store.read('key')).toString()).to.equal('x');
    });
  });

  it('that does not answer is unreachable, with its address', async function () {
    this.timeout(120_000);
    const error = await readError({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' });
    expect(error).to.be.instanceOf(StoreUnreachable);
    expect(error).to.match(/http:\/\/127\.0\.0\.1:1 did not read key .*ECONNREFUSED/);
  });

  describe('behind a network with faults', () => {
    let server: Server | undefined;
    afterEach(() => {
      server?.closeAllConnections();
      server?.close();
    });
    const through = async (fault: Fault) => {
      const proxy = await startProxy(s3.endpoint, fault);
      server = proxy.server;
      return open({ AWS_ENDPOINT_URL_S3: proxy.url });
    };

    it('goes on where a download broke', async () => {
      const ranges: (string | undefined)[] = [];
      const store = await through((incoming, answer, response) => {
        if (incoming.method !== 'GET') return false;
        ranges.push(incoming.headers.range);
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        let left = 250_000;
        answer.on('data', (chunk: Buffer) => {
          if (left > 0) response.write(chunk.subarray(0, left));
          left -= chunk.length;
          if (left <= 0) response.destroy();
        });
        answer.on('end', () => response.end());
        return true;
      });
      const bytes = randomBytes(700_000);
      await store.write('key', bytes);
      expect((await store.read('key')).equals(bytes)).to.equal(true);
      expect(ranges[0]).to.equal(undefined);
      expect(ranges.length).to.be.greaterThan(2);
    });

    it('is unreachable when it never gives a byte', async () => {
      const store = await through((incoming, _, response) => {
        if (incoming.method === 'GET') response.destroy();
        return incoming.method === 'GET';
      });
      await store.write('key', Buffer.from('x'));
      expect(await store.read('key').catch((e: unknown) => e)).to.be.instanceOf(StoreUnreachable);
    });

    for (const kind of ['buffer', 'file'] as const) {
      it(`does not take its own ${kind} for another's when the answer was lost`, async () => {
        let writes = 0;
        const store = await through((incoming, _, response) => {
          const lose = incoming.method === 'PUT' && ++writes === 1;
          if (lose) response.destroy();
          return lose;
        });
        const dir = await mkdtemp(join(tmpdir(), 'body-'));
        await writeFile(join(dir, 'body'), 'mine');
        const body = kind === 'file' ? { path: join(dir, 'body') } : Buffer.from('mine');
        await store.write('key', body, { ifNoneMatch: true });
        await rm(dir, { recursive: true });
        expect(writes).to.equal(2);
        expect((await store.read('key')).toString()).to.equal('mine');
      });
    }

    it('tries again when it is told 503', async () => {
      const store = await through((_, __, response, n) => {
        if (n > 2) return false;
        response.writeHead(503).end();
        return true;
      });
      await store.write('key', Buffer.from('x'));
      expect((await store.read('key')).toString()).to.equal('x');
    });
  });
});
