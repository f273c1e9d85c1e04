import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { waitFor } from '../../hack/process/wait.ts';
import { type Timings, tellMlflow } from './mlflow.ts';
import type { MlflowSettings } from './mlflow-server.ts';

interface Call {
  path: string;
  body: Record<string, unknown>;
  headers: IncomingMessage['headers'];
}
/** Answers in the server's place, and then returns true; `n` counts calls from 1. */
type Fault = (response: ServerResponse, call: Call, n: number) => boolean;

const quick: Timings = {
  everyMs: 5,
  timeoutMs: 2_000,
  firstPauseMs: 5,
  longestPauseMs: 20,
  buffered: 100,
};
const description = {
  name: 'r',
  identity: 'i',
  params: { a: '1' },
  tags: { b: '2' },
  startedAt: 0,
};
const point = (step: number) => ({ key: 'loss', value: 1 / step, timestamp: 0, step });

describe('MLflow that is told in the background', () => {
  let server: Server;
  let calls: Call[];
  let fault: Fault;
  let lines: string[];
  let settings: MlflowSettings;
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) });

  beforeEach(async () => {
    calls = [];
    lines = [];
    fault = () => false;
    let n = 0;
    server = createServer(async (request, response) => {
      const number = ++n;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const path = (request.url ?? '').replace(/^.*\/mlflow\//, '').replace(/\?.*$/, '');
      const call = {
        path,
        body: JSON.parse(Buffer.concat(chunks).toString() || '{}'),
        headers: request.headers,
      };
      if (fault(response, call, number)) return;
      calls.push(call);
      response.end(JSON.stringify(answers[path] ?? {}));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    settings = {
      uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      experiment: 'e',
    };
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const answers: Record<string, object> = {
    'experiments/get-by-name': { experiment: { experiment_id: '1' } },
    'runs/create': { run: { info: { run_id: 'x' } } },
  };
  const begin = (timings = quick) => tellMlflow(settings, description, log, timings);
  const paths = () => calls.map(({ path }) => path);
  const steps = () =>
    calls.flatMap(({ body }) =>
      ((body.metrics ?? []) as { step: number }[]).map(({ step }) => step),
    );
  const seen = (what: string, check: () => boolean) =>
    waitFor(async () => check() || undefined, { what, limitMs: 30_000, everyMs: 5 });
  const refuse = (response: ServerResponse, status: number, body = '') => {
    response.writeHead(status).end(body);
    return true;
  };

  it('hears of experiment, run, settings, values and end, in this order', async () => {
    const telling = begin();
    telling.values([point(1), point(2)]);
    await telling.end('FINISHED', 10_000);
    expect(paths()).to.deep.equal([
      ...['experiments/get-by-name', 'runs/search', 'runs/create'],
      ...['runs/log-batch', 'runs/log-batch', 'runs/log-batch', 'runs/update'],
    ]);
    expect(calls.at(-1)?.body).to.include({ run_id: 'x', status: 'FINISHED' });
    expect(lines).to.deep.equal([]);
  });

  const outages: { name: string; away: Fault; says: RegExp }[] = [
    {
      name: 'answers 500',
      away: (response) => refuse(response, 500, 'no database'),
      says: /500: no database/,
    },
    { name: 'answers 429', away: (response) => refuse(response, 429), says: /429: without a word/ },
    {
      name: 'wants credentials',
      away: (response) => refuse(response, 401, 'log in'),
      says: /401: log in/,
    },
    {
      name: 'is not MLflow',
      away: (response) => refuse(response, 200, '<html>Welcome</html>'),
      says: /200: it is no JSON: is this MLflow\?/,
    },
    {
      name: 'breaks off in the middle of an answer',
      away(response) {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('{"exp', () => response.destroy());
        return true;
      },
      says: /connection broke|ECONNRESET|aborted/,
    },
    {
      name: 'closes the connection without a word',
      away(response) {
        response.destroy();
        return true;
      },
      says: /ECONNRESET|socket hang up/,
    },
  ];
  for (const { name, away, says } of outages) {
    it(`that ${name}: one sentence, and all is sent when that is over`, async () => {
      let down = true;
      let refused = 0;
      fault = (response, call, n) => {
        if (!down) return false;
        refused++;
        return away(response, call, n);
      };
      const telling = begin();
      telling.values([point(1)]);
      await seen('three tries', () => refused >= 3);
      telling.values([point(2)]);
      down = false;
      await seen('both values', () => steps().length === 2);
      expect(steps()).to.deep.equal([1, 2]);
      await telling.end('FINISHED', 10_000);
      expect(lines).to.have.length(2);
      expect(lines[0]).to.match(says).and.to.include('The training goes on');
      expect(lines[1]).to.include('is told of this training again');
    });
  }

  it('that hangs makes nobody wait longer than was said, and is named at the end', async () => {
    let hung = 0;
    fault = () => ++hung > 0;
    const telling = begin({ ...quick, timeoutMs: 60_000 });
    telling.values([point(1)]);
    await seen('a call', () => hung === 1);
    // Would otherwise be over after a minute: the test's own limit is the assertion.
    await telling.end('KILLED', 200);
    expect(lines.at(-1)).to.match(/was not told how this training ended, nor 1 of its values/);
  }).timeout(30_000);

  it('that hangs is given up after the time of one call, and asked again', async () => {
    let hung = 0;
    fault = () => ++hung <= 2;
    const telling = begin({ ...quick, timeoutMs: 100 });
    telling.values([point(1)]);
    await seen('the value', () => steps().length === 1);
    await telling.end('FINISHED', 10_000);
    expect(lines[0]).to.include('no answer within 0.1 s');
  });

  it('is sent once what it refuses, and the rest', async () => {
    let refused = 0;
    fault = (response, { body }) => {
      const bad = ((body.metrics ?? []) as { step: number }[]).some(({ step }) => step === 1);
      if (!bad) return false;
      refused++;
      return refuse(
        response,
        400,
        JSON.stringify({ error_code: 'INVALID_PARAMETER_VALUE', message: 'no' }),
      );
    };
    const telling = begin();
    telling.values([point(1)]);
    await seen('a refusal', () => refused === 1);
    telling.values([point(2)]);
    await telling.end('FINISHED', 10_000);
    expect(refused).to.equal(1);
    expect(steps()).to.deep.equal([2]);
    expect(lines).to.deep.equal([
      `MLflow at ${settings.uri} refuses 1 values (it answered 400: no): they are left out.`,
    ]);
  });

  it('that is away too long loses the oldest values, and is told how many', async () => {
    let down = true;
    fault = (response) => down && refuse(response, 503);
    const telling = begin();
    for (let step = 1; step <= 130; step++) telling.values([point(step)]);
    down = false;
    await telling.end('FINISHED', 10_000);
    expect(steps()).to.deep.equal(Array.from({ length: 100 }, (_, index) => 31 + index));
    expect(lines.at(-1)).to.include('was not told 30 of the values');
  });

  it('creates no second run where the answer to its creation was lost', async () => {
    let created = 0;
    fault = (response, { path }) => {
      if (path === 'runs/create') {
        created++;
        response.destroy();
        return true;
      }
      if (path !== 'runs/search' || created === 0) return false;
      response.end(JSON.stringify({ runs: [{ info: { run_id: 'x', status: 'RUNNING' } }] }));
      return true;
    };
    const telling = begin();
    await seen('the end of the beginning', () => paths().includes('runs/log-batch'));
    await telling.end('FINISHED', 10_000);
    expect(created).to.equal(1);
  });

  it('says that the experiment was deleted', async () => {
    fault = (response, { path }) => {
      if (path !== 'experiments/get-by-name') return false;
      const experiment = { experiment_id: '1', lifecycle_stage: 'deleted' };
      response.end(JSON.stringify({ experiment }));
      return true;
    };
    const telling = begin();
    await seen('a sentence', () => lines.length > 0);
    await telling.end('FINISHED', 50);
    expect(lines[0]).to.include('its experiment "e" is deleted: restore it, or name another');
  });

  describe('with credentials', () => {
    let dir: string;
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'mlflow-'));
      settings = { ...settings, credentialsDir: dir };
    });
    afterEach(() => rm(dir, { recursive: true }));
    const put = (files: Record<string, string>) =>
      Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(dir, name), text)));

    it('sends a token', async () => {
      await put({ token: 'abc\n' });
      await begin().end('FINISHED', 10_000);
      expect(new Set(calls.map(({ headers }) => headers.authorization))).to.deep.equal(
        new Set(['Bearer abc']),
      );
    });

    it('sends user and password, and reads them again when they change', async () => {
      await put({ username: 'me', password: 'old' });
      let good = false;
      fault = (response, { headers }) => {
        good = headers.authorization === `Basic ${Buffer.from('me:new').toString('base64')}`;
        return !good && refuse(response, 401);
      };
      const telling = begin();
      await seen('a sentence', () => lines.length > 0);
      await put({ password: 'new' });
      await seen('the right password', () => good);
      await telling.end('FINISHED', 10_000);
      expect(paths().at(-1)).to.equal('runs/update');
    });

    it('names a Secret that holds none, and sends nothing', async () => {
      const telling = begin();
      await seen('a sentence', () => lines.length > 0);
      await telling.end('FINISHED', 50);
      expect(lines[0]).to.include(
        `${dir} holds neither token nor username and password: correct the Secret`,
      );
      expect(calls).to.deep.equal([]);
    });
  });
});
