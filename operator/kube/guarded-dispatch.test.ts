import { expect } from 'chai';
import { ApiError } from './api-error.ts';
import { defaultRetries } from './retry.ts';
import { answer, refuse, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { createTransport, type Transport } from './transport.ts';

const path = '/api/v1/namespaces/shop/pods/a';

describe('the guard of a transport', () => {
  let server: ScriptedServer;
  let transport: Transport | undefined;
  let held: boolean;
  let asked: string[];
  /** Called whenever the server is asked something, with the number of the request. */
  let script: Parameters<typeof startScriptedServer>[0];

  beforeEach(async () => {
    held = true;
    asked = [];
    script = (_, response) => answer(response, 200, {});
    server = await startScriptedServer((...given) => script(...given));
    transport = connect();
  });
  afterEach(async () => {
    await transport?.close();
    await server.close();
  });

  function connect(tls = server.connection.tls): Transport {
    return createTransport({
      connection: { ...server.connection, tls },
      userAgent: 'test',
      retries: { ...defaultRetries, baseDelayMs: 1, maximumDelayMs: 2 },
      guard: ({ verb, object }) => {
        asked.push(`${verb} ${object}`);
        if (!held) throw new Error('the lease is lost.');
      },
    });
  }

  const write = (method: 'POST' | 'PATCH' = 'PATCH') =>
    (transport as Transport).request({ method, path, body: {} });
  const errorOf = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('It was sent.'),
      (error: unknown) => error as ApiError,
    );

  it('is asked before each write, and not before a read', async () => {
    await transport?.request({ method: 'GET', path });
    expect(asked).to.deep.equal([]);
    await write();
    await write('POST');
    expect(asked).to.deep.equal(['patch shop/a', 'create shop/a']);
  });

  it('keeps a write from being sent, and the connection for others', async () => {
    await write();
    held = false;
    const error = await errorOf(write());
    expect(error).to.be.instanceOf(ApiError);
    expect(error).to.include({ reason: 'Withheld', status: 0, verb: 'patch' });
    expect(error.message).to.equal('Cannot patch pods shop/a: the lease is lost.');
    await transport?.request({ method: 'GET', path });
    expect(server.received.map(({ method }) => method)).to.deep.equal(['PATCH', 'GET']);
    expect(asked).to.have.length(2);
  });

  it('is asked again before a retry', async () => {
    script = (_, response) => {
      held = false;
      refuse(response, 500, 'InternalError', 'try again');
    };
    expect(await errorOf(write())).to.include({ reason: 'Withheld' });
    expect(server.received).to.have.length(1);
    expect(asked).to.have.length(2);
  });

  it('is asked when the connection is there, not when the write began to wait for one', async () => {
    await transport?.close();
    transport = connect(() => {
      // undici asks for it when it has taken the request and begins to connect.
      held = false;
      return {};
    });
    expect(await errorOf(write())).to.include({ reason: 'Withheld' });
    expect(server.connections()).to.equal(1);
    expect(server.received).to.deep.equal([]);
  });
});
