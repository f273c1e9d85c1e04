import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { waitFor } from '../../hack/process/wait.ts';
import { ApiError } from './api-error.ts';
import { defaultRetries } from './retry.ts';
import {
  answer,
  type Received,
  refuse,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.ts';
import {
  createTransport,
  type Exchange,
  type Streamed,
  type Transport,
  type TransportOptions,
} from './transport.ts';

const quick = { ...defaultRetries, baseDelayMs: 1, maximumDelayMs: 2 };
const pod = { kind: 'Pod', metadata: { name: 'a' } };
const path = '/api/v1/namespaces/shop/pods/a';

type Script = (response: ServerResponse, number: number, request: Received) => void;

describe('transport', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let exchanges: Exchange[];
  let throttled: string[];
  let streamed: Streamed[];

  async function start(
    script: Script,
    connection = {},
    options: Partial<TransportOptions> = {},
  ): Promise<void> {
    server = await startScriptedServer((request, response, number) =>
      script(response, number, request),
    );
    exchanges = [];
    throttled = [];
    streamed = [];
    transport = createTransport({
      connection: { ...server.connection, ...connection },
      userAgent: 'shelfwise-test',
      retries: quick,
      observe: (exchange) => exchanges.push(exchange),
      throttled: ({ verb }) => throttled.push(verb),
      streamed: (stream) => streamed.push(stream),
      ...options,
    });
  }

  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  const get = () => transport.request({ method: 'GET', path });
  const post = () =>
    transport.request({ method: 'POST', path: '/api/v1/namespaces/shop/pods', body: pod });

  async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
    const error = await promise.then(
      () => expect.fail('It succeeded.'),
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ApiError);
    return error as ApiError;
  }

  it('keeps its connection over many requests', async () => {
    await start((response) => answer(response, 200, pod));
    for (let i = 0; i < 20; i++) expect(await get()).to.deep.equal(pod);
    // undici opens a second one when a request comes while the first still winds up.
    expect(server.connections()).to.be.at.most(2);
  });

  it('sends user agent, credentials, query and body as they are given', async () => {
    await start((response) => answer(response, 201, pod), {
      headers: async () => ({ authorization: 'Bearer t' }),
    });
    await transport.request({
      method: 'PATCH',
      path,
      query: { fieldManager: 'shelfwise', force: true, left: undefined },
      contentType: 'application/apply-patch+yaml',
      body: { quantity: '1e3' },
    });
    const [request] = server.received;
    expect(request?.headers).to.include({
      'user-agent': 'shelfwise-test',
      authorization: 'Bearer t',
      'content-type': 'application/apply-patch+yaml',
    });
    expect(request?.url.search).to.equal('?fieldManager=shelfwise&force=true');
    expect(request?.body).to.equal('{"quantity":"1e3"}');
  });

  const reset: Script = (response) => response.socket?.destroy();
  const half: Script = (response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{"kind":', () => response.socket?.destroy());
  };
  const cutJson: Script = (response) => response.end('{"kind":"Po');
  const say =
    (code: number): Script =>
    (response) =>
      refuse(response, code, 'Reason', 'no');
  const faults: { name: string; fault: Script; get: 'again' | 'error'; post: 'again' | 'error' }[] =
    [
      { name: 'a reset before the answer', fault: reset, get: 'again', post: 'error' },
      { name: 'a body that ends early', fault: half, get: 'again', post: 'error' },
      { name: 'half a JSON document', fault: cutJson, get: 'again', post: 'error' },
      { name: '429', fault: say(429), get: 'again', post: 'again' },
      { name: '500', fault: say(500), get: 'again', post: 'error' },
      { name: '503', fault: say(503), get: 'again', post: 'error' },
      { name: '504', fault: say(504), get: 'again', post: 'error' },
      { name: '403', fault: say(403), get: 'error', post: 'error' },
      { name: '409', fault: say(409), get: 'error', post: 'error' },
      { name: '422', fault: say(422), get: 'error', post: 'error' },
    ];
  for (const { name, fault, ...then } of faults) {
    for (const [verb, send] of [
      ['get', get],
      ['post', post],
    ] as const) {
      it(`${name}: ${verb} ${then[verb] === 'again' ? 'is tried again' : 'is an error at once'}`, async () => {
        await start((response, number, request) =>
          number === 0 ? fault(response, number, request) : answer(response, 200, pod),
        );
        if (then[verb] === 'again') expect(await send()).to.deep.equal(pod);
        else await errorOf(send());
        expect(server.received).to.have.length(then[verb] === 'again' ? 2 : 1);
      });
    }
  }

  it('tries even a POST again when nobody listened', async () => {
    await start(() => undefined);
    await server.close();
    const error = await errorOf(post());
    expect(error.reason).to.equal('Unreachable');
    expect(error.message).to.match(
      /^Cannot create pods shop: no answer from the API server \(.*ECONNREFUSED/,
    );
    expect(exchanges).to.have.length(quick.attempts);
  });

  it('gives up after its attempts, with the last words', async () => {
    await start((response, number) => refuse(response, 503, 'Down', `try ${number}`));
    const error = await errorOf(get());
    expect(error).to.include({
      status: 503,
      reason: 'Down',
      verb: 'get',
      resource: 'pods',
      object: 'shop/a',
    });
    expect(error.message).to.equal('Cannot get pods shop/a: try 3');
  });

  it('waits as long as Retry-After asks', async () => {
    await start((response, number) =>
      number === 0
        ? refuse(response, 429, 'Busy', 'no', { 'retry-after': '1' })
        : answer(response, 200, pod),
    );
    const started = performance.now();
    await get();
    expect(performance.now() - started).to.be.at.least(990);
  });

  it('hands an error on at once when Retry-After asks for more than it will wait', async () => {
    await start((response) => refuse(response, 429, 'Busy', 'no', { 'retry-after': '3600' }));
    expect((await errorOf(get())).retryAfterMs).to.equal(3_600_000);
    expect(server.received).to.have.length(1);
  });

  it('does not wait for an answer for ever', async () => {
    await start(() => undefined, {}, { timeoutMs: 1 });
    expect((await errorOf(get())).reason).to.equal('Timeout');
  });

  it('reads its credentials anew after a 401', async () => {
    let token = 'old';
    await start(
      (response, _, { headers }) =>
        headers.authorization === 'new'
          ? answer(response, 200, pod)
          : refuse(response, 401, 'Unauthorized', 'no'),
      {
        headers: async () => ({ authorization: token }),
        refresh: () => {
          token = 'new';
        },
      },
    );
    expect(await get()).to.deep.equal(pod);
  });

  it('sends nothing without credentials, says so, and sends even a POST once they are there', async () => {
    let there = false;
    await start((response) => answer(response, 201, pod), {
      headers: async () => {
        if (!there) throw new Error('The token file /t is empty.');
        return {};
      },
    });
    const error = await errorOf(post());
    expect(error).to.include({ reason: 'NoCredentials', status: 0 });
    expect(error.message).to.equal(
      'Cannot create pods shop: nothing to say who we are: The token file /t is empty.',
    );
    expect(server.received).to.deep.equal([]);
    const waiting = post();
    there = true;
    expect(await waiting).to.deep.equal(pod);
  });

  it('keeps the words of a proxy that speaks no Status', async () => {
    await start((response) => response.writeHead(403).end('<h1>Blocked</h1>'));
    expect((await errorOf(get())).message).to.equal(
      'Cannot get pods shop/a: HTTP 403 <h1>Blocked</h1>',
    );
  });

  it('observes each exchange, the retried ones too', async () => {
    await start((response, number) =>
      number === 0 ? refuse(response, 500, 'R', 'no') : answer(response, 200, pod),
    );
    await get();
    expect(exchanges.map(({ verb, resource, code }) => ({ verb, resource, code }))).to.deep.equal([
      { verb: 'get', resource: 'pods', code: 500 },
      { verb: 'get', resource: 'pods', code: 200 },
    ]);
  });

  it('ends a stream with an ApiError when the connection breaks', async () => {
    await start((response) => {
      response.writeHead(200);
      response.write('first', () => response.socket?.destroy());
    });
    const stream = await transport.stream({ method: 'GET', path, query: { watch: true } });
    const seen: string[] = [];
    const error = await errorOf(
      (async () => {
        for await (const chunk of stream) seen.push(Buffer.from(chunk).toString());
      })(),
    );
    expect(seen).to.deep.equal(['first']);
    expect(error).to.include({ reason: 'Unreachable', verb: 'watch' });
  });

  it('takes requests that come at once one after the other, but not streams', async () => {
    await start(
      (response) => answer(response, 200, pod),
      {},
      {
        rateLimit: { qps: 20, burst: 1 },
      },
    );
    await Promise.all([get(), get(), get()]);
    expect(throttled).to.deep.equal(['get', 'get']);
    for await (const _ of await transport.stream({ method: 'GET', path }));
    expect(throttled).to.have.length(2);
  });

  it('does not keep a request waiting for its turn that was called off', async () => {
    await start(
      (response) => answer(response, 200, pod),
      {},
      { rateLimit: { qps: 1e-3, burst: 1 } },
    );
    await get();
    const stop = new AbortController();
    const waiting = errorOf(transport.request({ method: 'GET', path, signal: stop.signal }));
    stop.abort();
    expect((await waiting).message).to.match(/^Cannot get pods shop\/a: .*abort/);
    expect(server.received).to.have.length(1);
  });

  it('does not wait for a credential plugin that hangs when the request is called off', async () => {
    const hangs = () => new Promise<never>(() => undefined);
    await start((response) => answer(response, 200, pod), { headers: hangs });
    const stop = new AbortController();
    const waiting = errorOf(transport.request({ method: 'GET', path, signal: stop.signal }));
    stop.abort();
    expect((await waiting).message).to.match(/^Cannot get pods shop\/a: .*abort/);
    const streaming = errorOf(transport.stream({ method: 'GET', path, signal: stop.signal }));
    expect((await streaming).message).to.match(/^Cannot get pods shop\/a: .*abort/);
  });

  it('reads again through another connection when one is silently gone', async () => {
    const dead = new Set<unknown>();
    await start(
      (response) => {
        // As when a load balancer forgot the connection: what is sent into it is heard of no more.
        if (dead.has(response.socket)) return;
        dead.add(response.socket);
        answer(response, 200, pod);
      },
      {},
      { timeoutMs: 500 },
    );
    await waitFor(
      async () => {
        expect(await get()).to.deep.equal(pod);
        return exchanges.some(({ code }) => code === 0) || undefined;
      },
      { what: 'a request into a dead connection', limitMs: 30_000 },
    );
    expect(dead.size).to.be.at.least(2);
  });

  it('asks for new credentials once, however many requests were refused at a time', async () => {
    let token = 0;
    const refused: unknown[] = [];
    await start(
      (response, _, { headers }) =>
        headers.authorization === '0'
          ? refuse(response, 401, 'Unauthorized', 'no')
          : answer(response, 200, pod),
      {
        headers: async () => ({ authorization: String(token) }),
        refresh: (headers: Record<string, string>) => {
          refused.push(headers.authorization);
          token = 1;
        },
      },
    );
    await Promise.all([get(), get(), get()]);
    // What was refused is said each time: the connection sees that it has something newer already.
    expect(refused).to.deep.equal(['0', '0', '0']);
    expect(exchanges.map(({ code }) => code)).to.deep.equal([401, 401, 401, 200, 200, 200]);
  });

  it('tells how long a stream lasted, what came and who ended it', async () => {
    await start((response) => response.end('four'));
    const read = async (leave: boolean) => {
      for await (const _ of await transport.stream({ method: 'GET', path, query: { watch: true } }))
        if (leave) break;
    };
    await read(false);
    await read(true);
    expect(
      streamed.map(({ verb, resource, bytes, end }) => [verb, resource, bytes, end]),
    ).to.deep.equal([
      ['watch', 'pods', 4, 'server'],
      ['watch', 'pods', 4, 'client'],
    ]);
  });
});
