import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { batchAnswerSchema, predictResponseSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { freePorts } from '../../hack/cluster/free-ports.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { issueToken } from '../auth/account-tokens.ts';
import { openKeyRing } from '../auth/key-ring.ts';
import { type Running, startProgram } from '../fixtures/program.ts';
import { writeTokenKey } from '../fixtures/service.ts';
import { publishTinyRelease, type TinyStore, tinyStore } from '../fixtures/tiny-store.ts';

const release = 'shop-20261122-030000';

describe('a pod that is told to go', () => {
  let from: TinyStore;
  let program: Running;
  let port: number;
  let authorization: string;

  before(async () => {
    from = await tinyStore();
    await writeTokenKey(from.dir, 'k1');
    const caller = { id: 'id-1', name: 'ada', roles: ['predict' as const] };
    authorization = `Bearer ${await issueToken(await openKeyRing(from.dir), caller)}`;
    const { digest } = await publishTinyRelease(from, release);
    port = (await freePorts(1))[0] as number;
    const named = { store: from.url, release, digest, port };
    program = startProgram(
      ['serve', ...Object.entries(named).map(([name, value]) => `--${name}=${value}`)],
      { TOKEN_KEYS_DIR: from.dir, PREDICT_WORKERS: '1', SHUTDOWN_DELAY_MS: '1000' },
    );
    await readiness(200);
  });
  after(async () => {
    program?.child.kill('SIGKILL');
    await program?.ended.catch(() => undefined);
    await from?.remove();
  });

  const readiness = (status: number) =>
    waitFor(
      async () =>
        (await fetch(`http://127.0.0.1:${port}/readyz`)).status === status ? true : undefined,
      { what: `readyz to answer ${status}; it said ${program.stderr()}`, limitMs: 300_000 },
    );

  /** A request over a socket of the agent; there are no second tries, as fetch would make some. */
  function post(path: string, type: string, agent: Agent, headers: RequestOptions['headers'] = {}) {
    const sent = request({
      ...{ host: '127.0.0.1', port, method: 'POST', path, agent },
      headers: { authorization, 'content-type': type, ...headers },
    });
    const answered = once(sent, 'response').then(async ([response]: IncomingMessage[]) => {
      const message = response as IncomingMessage;
      const body = Buffer.concat(await message.toArray()).toString();
      return { status: message.statusCode, connection: message.headers.connection, body };
    });
    return { sent, answered };
  }
  const keptAlive = () => new Agent({ keepAlive: true, maxSockets: 1 });
  const question = JSON.stringify({ designation: 'a red spade' });

  it('answers everybody who has a connection, whatever they are at, and tells them not to come again', async () => {
    /** As a client behind a Service: on its connection until it is told to leave it, and to another pod then. */
    const statuses: (number | undefined)[] = [];
    const client = async () => {
      const agent = keptAlive();
      for (;;) {
        const { sent, answered } = post('/v1/predict', 'application/json', agent);
        sent.end(question);
        const { status, connection } = await answered;
        statuses.push(status);
        if (connection === 'close') return;
      }
    };
    const clients = Array.from({ length: 8 }, client);

    // One that said something long ago, and holds on to its connection.
    const idle = keptAlive();
    const first = post('/v1/predict', 'application/json', idle);
    first.sent.end(question);
    expect((await first.answered).status).to.equal(200);

    // Uploads that have begun: of one product, and of many.
    const upload = post('/v1/predict', 'application/json', keptAlive(), {
      'content-length': question.length,
    });
    upload.sent.write(question.slice(0, 5));
    const batch = post('/v1/predict/batch', 'application/x-ndjson', keptAlive());
    batch.sent.write(`${question}\n`);
    await waitFor(async () => (statuses.length > 50 ? true : undefined), {
      what: 'some answers',
      limitMs: 300_000,
    });

    program.child.kill('SIGTERM');
    await readiness(503);
    await Promise.all(clients);
    expect(new Set(statuses)).to.deep.equal(new Set([200]));
    // Nobody new is let in any more, but who is inside goes on.
    await waitFor(
      async () =>
        fetch(`http://127.0.0.1:${port}/healthz`).then(
          () => undefined,
          () => true,
        ),
      { what: 'new connections to be refused', limitMs: 300_000 },
    );
    expect(program.child.exitCode).to.equal(null);
    upload.sent.end(question.slice(5));
    const uploaded = await upload.answered;
    expect([uploaded.status, uploaded.connection]).to.deep.equal([200, 'close']);
    predictResponseSchema.parse(JSON.parse(uploaded.body));
    batch.sent.write(`${question}\n`);
    batch.sent.end(`${question}\n`);
    const lines = (await batch.answered).body.trimEnd().split('\n');
    expect(lines.map((line) => batchAnswerSchema.parse(JSON.parse(line)).line)).to.deep.equal([
      1, 2, 3,
    ]);
    const { code } = await program.ended;
    expect(code, program.stderr()).to.equal(0);
    expect(program.stderr()).to.contain('drained').and.not.contain('cut off');
  });
});
