import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { freePorts } from '../../hack/cluster/free-ports.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { type PostgresService, startPostgres, writeUrlFile } from '../../hack/services/postgres.ts';
import { type Running, startProgram } from '../fixtures/program.ts';
import { writeTokenKey } from '../fixtures/service.ts';
import { publishTinyRelease, type TinyStore, tinyStore } from '../fixtures/tiny-store.ts';

const release = 'shop-20261122-030000';
const password = 'Canary-password-1';
const databasePassword = 'CanaryOfTheDatabase';
const word = 'CanaryOfTheText';
const badToken = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.Q2FuYXJ5VG9rZW4.Q2FuYXJ5U2lnbmF0dXJl`;
const picture = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff]),
  Buffer.from('CanaryOfThePicture'.repeat(9)),
]);

interface Operation {
  requestBody?: { content: Record<string, { example?: unknown }> };
}
type Paths = Record<string, Record<string, Operation>>;

describe('the log at its most talkative', () => {
  let from: TinyStore;
  let dir: string;
  let postgres: PostgresService;
  let program: Running;
  let base: string;

  before(async () => {
    from = await tinyStore();
    dir = await mkdtemp(join(tmpdir(), 'log-test-'));
    postgres = await startPostgres();
    const { digest } = await publishTinyRelease(from, release);
    await writeTokenKey(from.dir, 'k1');
    await writeFile(join(dir, 'username'), 'admin');
    await writeFile(join(dir, 'password'), password);
    const [port] = await freePorts(1);
    base = `http://127.0.0.1:${port}`;
    // Not asked for, but sent.
    const url = Object.assign(new URL(postgres.url), { password: databasePassword });
    const named = { store: from.url, release, digest, port };
    program = startProgram(
      ['serve', ...Object.entries(named).map(([name, value]) => `--${name}=${value}`)],
      {
        DATABASE_URL_FILE: await writeUrlFile(join(dir, 'url'), url.href),
        ADMIN_CREDENTIALS_DIR: dir,
        TOKEN_KEYS_DIR: from.dir,
        PREDICT_WORKERS: '1',
        SHUTDOWN_DELAY_MS: '0',
        LOG_LEVEL: 'trace',
      },
    );
    await database('up');
  });
  after(async () => {
    program?.child.kill('SIGKILL');
    await program?.ended.catch(() => undefined);
    await postgres?.stop();
    await from?.remove();
    await rm(dir, { recursive: true });
  });

  const database = (state: string) =>
    waitFor(
      async () => {
        const answer = await fetch(`${base}/readyz`);
        const { dependencies } = (await answer.json()) as { dependencies: { database: string } };
        return answer.ok && dependencies.database === state ? true : undefined;
      },
      { what: `the database to be ${state}; it said ${program.stderr()}`, limitMs: 300_000 },
    );
  const json = { 'content-type': 'application/json' };

  it('holds no token, no password, no hash of one, no text and no picture, whatever is asked', async () => {
    const login = () =>
      fetch(`${base}/v1/tokens`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ username: 'admin', password }),
      });
    // Some requests end the caller's session: each is made with a new token, as long as there is one to be had.
    let token = '';
    const tokens = new Set<string>();
    const newToken = async () => {
      const answer = await login();
      if (answer.ok) token = ((await answer.json()) as { access_token: string }).access_token;
      tokens.add(token);
      return token;
    };
    const create = (path: string, body: object) => async (bearer: string) => {
      const answer = await fetch(base + path, {
        method: 'POST',
        headers: { ...json, authorization: `Bearer ${bearer}` },
        body: JSON.stringify(body),
      });
      return answer.status;
    };
    const createUser = create('/v1/users', { username: 'ada', password });
    const createProduct = create('/v1/products', { designation: word });
    const document = (await (await fetch(`${base}/openapi.json`)).json()) as { paths: Paths };
    const asked = [...requestsOf(document.paths)];
    expect(asked.length).to.be.greaterThan(30);
    const askAll = async () => {
      for (const { method, path, headers, body } of asked) {
        for (const bearer of [await newToken(), badToken]) {
          const answer = await fetch(base + path, {
            method,
            headers: { ...headers, authorization: `Bearer ${bearer}` },
            ...(body !== undefined && { body }),
          });
          await answer.arrayBuffer();
        }
      }
    };
    await askAll();
    await newToken();
    expect(
      await whileLocked(postgres.url, () => Promise.all([createUser(token), createProduct(token)])),
    ).to.deep.equal([503, 503]);
    await postgres.pause();
    await askAll();
    await database('down');
    await postgres.resume();
    await database('up');

    const log = program.stderr();
    const lines = log.trimEnd().split('\n');
    const seen = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const answered = seen.filter(({ msg }) => msg === 'answered');
    expect(answered.length).to.be.at.least(asked.length * 4);
    // The time limit's own words: without them nothing was tried.
    expect(log).to.contain('statement timeout');
    for (const line of answered) expect(line).to.have.property('requestId');
    const secrets = [
      ...[...tokens].flatMap((each) => each.split('.').slice(1)),
      ...badToken.split('.').slice(1),
      password,
      word,
      '$argon2',
      'CanaryOfThePicture',
      picture.toString('base64').slice(8, 40),
      databasePassword,
    ];
    for (const secret of secrets) {
      const line = lines.find((each) => each.includes(secret));
      expect(line, `the log holds ${secret}`).to.equal(undefined);
    }
  });
});

/** Who writes finds the tables locked meanwhile, and fails by the time limit: the database's own errors are logged. */
async function whileLocked<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE tablename LIKE 'shelfwise%'",
    );
    await client.query('BEGIN');
    await client.query(`LOCK TABLE ${rows.map(({ name }) => name).join(', ')} IN SHARE MODE`);
    return await work();
  } finally {
    await client.end();
  }
}

/** Every operation of the document, with what it takes as far as canaries can stand in it, and with what is none of it. */
function* requestsOf(paths: Paths) {
  for (const [template, operations] of Object.entries(paths)) {
    const path = template.replaceAll(/\{\w+\}/g, 'none');
    for (const [method, { requestBody }] of Object.entries(operations)) {
      const bodies = requestBody
        ? bodiesOf(requestBody.content)
        : [{ headers: {}, body: undefined }];
      for (const given of bodies) yield { method: method.toUpperCase(), path, ...given };
    }
  }
}

type Sent = { headers: Record<string, string>; body: RequestInit['body'] };

function bodiesOf(content: NonNullable<Operation['requestBody']>['content']): Sent[] {
  return Object.entries(content).flatMap(([type, { example }]): Sent[] => {
    if (type === 'multipart/form-data') {
      const form = new FormData();
      form.set('designation', word);
      form.set('image', new Blob([picture]), 'canary.jpg');
      return [{ headers: {}, body: form }];
    }
    const headers = { 'content-type': type };
    const whole = typeof example === 'string' ? example : JSON.stringify(withCanaries(example));
    return [
      { headers, body: whole },
      { headers, body: `{"designation":"${word}","password":"${password}"` },
      {
        headers,
        body: JSON.stringify({ designation: word, password, image: picture.toString('base64') }),
      },
    ];
  });
}

/** The example with canaries in place of what nobody should log. */
function withCanaries(example: unknown): unknown {
  if (typeof example !== 'object' || example === null) return example;
  return Object.fromEntries(
    Object.entries(example).map(([name, value]) => {
      if (/password/i.test(name)) return [name, password];
      if (/designation|description/.test(name)) return [name, word];
      return [name, value];
    }),
  );
}
