import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { createPki } from '../../hack/cluster/pki.ts';
import { type Connection, inClusterConnection, type TlsMaterial } from './connection.ts';
import { createTransport, type Transport } from './transport.ts';

describe('connections to a TLS server', () => {
  let directory: string;
  let server: Server;
  let transport: Transport;
  /** The issuer and serial number of the client certificate of each request. */
  let clients: string[];
  /** Whose requests are answered 401. */
  let refused: string | undefined;

  const pki = async (name: string) => {
    const path = join(directory, name);
    await createPki({ directory: path, addresses: ['127.0.0.1'], names: ['localhost'] });
    const read = (file: string) => readFile(join(path, file));
    return {
      ca: await read('ca.crt'),
      server: { cert: await read('server.crt'), key: await read('server.key') },
      admin: { cert: await read('admin.crt'), key: await read('admin.key') },
      scheduler: { cert: await read('scheduler.crt'), key: await read('scheduler.key') },
    };
  };
  type Pki = Awaited<ReturnType<typeof pki>>;
  let old: Pki;
  let renewed: Pki;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pool-'));
    [old, renewed] = await Promise.all([pki('old'), pki('new')]);
  });
  after(() => rm(directory, { recursive: true }));

  async function listen(options: ServerOptions): Promise<number> {
    clients = [];
    refused = undefined;
    server = createServer(options, (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      clients.push(String(subject?.CN));
      if (refused !== undefined && refused === subject?.CN) {
        response.writeHead(401).end();
        return;
      }
      response.writeHead(200, { 'x-protocol': request.httpVersion });
      if (request.url?.startsWith('/stream')) response.write('begun');
      else response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
  afterEach(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
  });

  const get = () => transport.request({ method: 'GET', path: '/version' });

  it('follow a new CA from the moment the file holds it', async () => {
    const port = String(await listen(old.server));
    await writeFile(join(directory, 'ca.crt'), old.ca);
    await writeFile(join(directory, 'token'), 't');
    transport = createTransport({
      connection: inClusterConnection({ host: '127.0.0.1', port, directory }),
      userAgent: 'test',
      retries: { attempts: 1, baseDelayMs: 1, maximumDelayMs: 1, maximumRetryAfterMs: 1 },
    });
    await get();

    server.setSecureContext(renewed.server);
    server.closeAllConnections();
    // The API server was quicker than the kubelet: refused, because we trust nobody in advance.
    const words = await get().catch(String);
    expect(words).to.match(
      /no answer from the API server \(.*(certificate|signature|ECONNRESET|closed)/i,
    );
    await writeFile(join(directory, 'ca.crt'), renewed.ca);
    await get();
  });

  it('are opened anew with a renewed client certificate, while what still streams goes on over the old one', async () => {
    const port = await listen({
      ...old.server,
      ca: old.ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    let tls: TlsMaterial = { ca: old.ca, ...old.admin };
    const connection: Connection = {
      server: `https://127.0.0.1:${port}`,
      tls: () => tls,
      headers: async () => ({}),
      refresh: () => undefined,
    };
    transport = createTransport({ connection, userAgent: 'test', recheckMs: 0 });
    await get();
    const stop = new AbortController();
    const stream = await transport.stream({ method: 'GET', path: '/stream', signal: stop.signal });
    const chunks = stream[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value).toString()).to.equal('begun');

    tls = { ca: old.ca, ...old.scheduler };
    await get();
    await get();
    expect(clients).to.deep.equal([
      'admin',
      'admin',
      'system:kube-scheduler',
      'system:kube-scheduler',
    ]);
    const next = chunks.next();
    const state = await Promise.race([
      next.then(
        () => 'ended',
        () => 'broken',
      ),
      new Promise((resolve) => setTimeout(resolve, 50, 'open')),
    ]);
    expect(state).to.equal('open');
    stop.abort();
    await next.catch(() => undefined);
  });

  it('are opened anew at once when the API server refuses the client certificate that it knew', async () => {
    const port = await listen({ ...old.server, ca: old.ca, requestCert: true });
    let tls: TlsMaterial = { ca: old.ca, ...old.admin };
    transport = createTransport({
      connection: {
        server: `https://127.0.0.1:${port}`,
        tls: () => tls,
        headers: async () => ({}),
        refresh: () => undefined,
      },
      userAgent: 'test',
      recheckMs: 3_600_000,
    });
    // undici uses a connection again a turn of the event loop later.
    const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
    await get();
    await turn();
    refused = clients[0];
    tls = { ca: old.ca, ...old.scheduler };
    for (let i = 0; i < 3; i++) {
      await get();
      await turn();
    }
    const renewed = new Array(3).fill('system:kube-scheduler');
    expect(clients).to.deep.equal(['admin', 'admin', ...renewed]);
  });

  for (const { http2, protocol } of [
    { http2: false, protocol: 'http/1.1' },
    { http2: true, protocol: 'h2' },
  ]) {
    it(`speak ${protocol} with http2: ${http2} to a server that prefers HTTP/2`, async () => {
      const { createSecureServer } = await import('node:http2');
      const spoken: unknown[] = [];
      const both = createSecureServer({ ...old.server, allowHTTP1: true }, (request, response) => {
        spoken.push((request.socket as TLSSocket).alpnProtocol || 'http/1.1');
        response.end('{}');
      });
      both.listen(0, '127.0.0.1');
      await once(both, 'listening');
      transport = createTransport({
        connection: {
          server: `https://127.0.0.1:${(both.address() as AddressInfo).port}`,
          tls: () => ({ ca: old.ca }),
          headers: async () => ({}),
          refresh: () => undefined,
        },
        userAgent: 'test',
        http2,
      });
      await listen(old.server);
      await get();
      expect(spoken).to.deep.equal([protocol]);
      await transport.close();
      both.close();
    });
  }
});
