import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { predictResponseSchema } from '@shelfwise/inference-contract';
import { keys, openStore, type Store, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { freePorts } from '../hack/cluster/free-ports.ts';
import { waitFor } from '../hack/process/wait.ts';
import { type S3Service, startVersitygw } from '../hack/services/versitygw.ts';
import { issueToken } from './auth/account-tokens.ts';
import { openKeyRing } from './auth/key-ring.ts';
import { type Running, startProgram } from './fixtures/program.ts';
import { writeTokenKey } from './fixtures/service.ts';
import { publishTinyRelease } from './fixtures/tiny-store.ts';

const release = 'shop-20261122-030000';

describe('inference serve', () => {
  let dir: string;
  let s3: S3Service;
  let url: string;
  let store: Store;
  let token: string;
  let running: Running | undefined;

  before(async () => {
    s3 = await startVersitygw();
    dir = await mkdtemp(join(tmpdir(), 'serve-test-'));
    url = `s3://${s3.bucket}/prefix/team/shop`;
    store = openStore(url, storeSettingsFromEnv(s3.env));
    await writeTokenKey(dir, 'k1');
    token = await issueToken(await openKeyRing(dir), {
      id: 'id-1',
      name: 'ada',
      roles: ['predict'],
    });
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await running?.ended.catch(() => undefined);
  });
  after(async () => {
    await s3?.stop();
    await rm(dir, { recursive: true });
  });

  const messagePath = () => join(dir, 'termination-message');
  async function serve(digest: string, env: Record<string, string> = {}) {
    const [port] = await freePorts(1);
    await rm(messagePath(), { force: true });
    running = startProgram(
      ['serve', '--store', url, '--release', release, '--digest', digest, '--port', String(port)],
      {
        ...s3.env,
        TOKEN_KEYS_DIR: dir,
        PREDICT_WORKERS: '2',
        SHUTDOWN_DELAY_MS: '300',
        TERMINATION_MESSAGE_PATH: messagePath(),
        ...env,
      },
    );
    return { program: running, base: `http://127.0.0.1:${port}` };
  }
  const status = async (address: string) => (await fetch(address)).status;
  const ready = (base: string, program: Running) =>
    waitFor(async () => ((await status(`${base}/readyz`)) === 200 ? true : undefined), {
      what: `${base}/readyz to answer 200; it said ${program.stderr()}`,
      limitMs: 300_000,
      hopeless: () =>
        program.child.exitCode === null ? undefined : `it ended: ${program.stderr()}`,
    });
  const predict = (base: string) =>
    fetch(`${base}/v1/predict`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ designation: 'a red spade' }),
    });

  it('serves a release from S3, counts what it does, and leaves without failing a request', async () => {
    const { digest } = await publishTinyRelease({ store, dir }, release);
    const { program, base } = await serve(digest);
    await ready(base, program);
    expect(await status(`${base}/healthz`)).to.equal(200);
    expect(predictResponseSchema.parse(await (await predict(base)).json())).to.include({
      release,
      digest,
    });
    expect(await status(`${base}/nowhere`)).to.equal(404);
    const wrongMethod = await fetch(`${base}/v1/predict`);
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).to.deep.equal([405, 'POST']);

    const metrics = await (await fetch(`${base}/metrics`)).text();
    for (const line of [
      `shelfwise_inference_model_info{release="${release}",digest="${digest}"} 1`,
      `shelfwise_inference_prediction_confidence_count{release="${release}",digest="${digest}",given="text"} 1`,
      'shelfwise_inference_requests_total{route="/v1/predict",method="POST",code="200"} 1',
      'shelfwise_inference_requests_total{route="unmatched",method="GET",code="404"} 1',
      'shelfwise_inference_stage_duration_seconds_count{stage="queue"}',
      'shelfwise_inference_stage_duration_seconds_count{stage="infer"}',
      'shelfwise_inference_workers_alive 2',
      'shelfwise_inference_queue_depth 0',
    ]) {
      expect(metrics).to.contain(line);
    }

    // A client that never stops calling, as one behind a Service that has not heard of the end yet.
    const statuses: number[] = [];
    let refused = false;
    const client = (async () => {
      while (!refused) {
        const answer = await predict(base).catch(() => undefined);
        if (answer) statuses.push(answer.status);
        else refused = true;
      }
    })();
    await waitFor(async () => (statuses.length > 5 ? true : undefined), {
      what: 'some answers',
      limitMs: 300_000,
    });
    program.child.kill('SIGTERM');
    await waitFor(async () => ((await status(`${base}/readyz`)) === 503 ? true : undefined), {
      what: 'readyz to answer 503',
      limitMs: 300_000,
      everyMs: 5,
    });
    const before = statuses.length;
    await client;
    expect(statuses.length).to.be.greaterThan(before);
    expect(new Set(statuses)).to.deep.equal(new Set([200]));
    const { code, result } = await program.ended;
    expect([code, result]).to.deep.equal([0, { step: 'serve', ok: true, release, digest }]);
    expect(program.stderr()).to.not.contain(token);
  });

  it('refuses a tar of which one byte was changed in S3: never ready, exit 11, and says why', async () => {
    const { digest } = await publishTinyRelease({ store, dir }, release);
    const key = keys.model(release, digest);
    const tar = await store.read(key);
    tar[tar.length >> 1] = (tar[tar.length >> 1] as number) ^ 0x40;
    await store.write(key, tar);
    const { program, base } = await serve(digest);
    let sawReady = false;
    while (program.child.exitCode === null && program.child.signalCode === null) {
      sawReady ||= (await status(`${base}/readyz`).catch(() => 0)) === 200;
    }
    const { code, result } = await program.ended;
    expect([code, sawReady]).to.deep.equal([11, false]);
    expect(result).to.include({ step: 'serve', ok: false, exitCode: 11, reason: 'BadData' });
    expect(result.message).to.match(
      /model-[0-9a-f]{64}\.tar in s3:.* it was changed after it was published/,
    );
    expect(JSON.parse(await readFile(messagePath(), 'utf8'))).to.deep.equal(result);
  });

  it('refuses a model that does not answer as golden.json says', async () => {
    const { digest } = await publishTinyRelease({ store, dir }, release, {
      golden: (golden) => {
        golden.cases[0]?.probabilities.reverse();
        return golden;
      },
    });
    const { program } = await serve(digest);
    const { code, result } = await program.ended;
    expect(code).to.equal(11);
    expect(result.message).to.match(/The model fails case 1 of golden\.json/);
  });

  it('goes on predicting while S3 is gone, says so, and finds it again', async () => {
    const { digest } = await publishTinyRelease({ store, dir }, release);
    const { program, base } = await serve(digest);
    await ready(base, program);
    const storeIs = (state: string) =>
      waitFor(
        async () => {
          const answer = await fetch(`${base}/readyz`);
          const { dependencies } = (await answer.json()) as { dependencies: { store: string } };
          expect(answer.status).to.equal(200);
          return dependencies.store === state ? true : undefined;
        },
        { what: `the store to be ${state}; it said ${program.stderr()}`, limitMs: 300_000 },
      );
    const releases = async () => {
      const answer = await fetch(`${base}/v1/releases`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return [answer.status, answer.headers.has('retry-after')];
    };
    await storeIs('up');
    expect(await releases()).to.deep.equal([200, false]);
    await s3.pause();
    try {
      await storeIs('down');
      expect(await releases()).to.deep.equal([503, true]);
      expect((await predict(base)).status).to.equal(200);
      expect(await (await fetch(`${base}/metrics`)).text()).to.contain(
        'shelfwise_inference_dependency_up{dependency="store"} 0',
      );
    } finally {
      await s3.resume();
    }
    await storeIs('up');
    expect(await releases()).to.deep.equal([200, false]);
  });

  it('leaves at once when told to while it is still loading', async () => {
    const scratch = await mkdtemp(join(dir, 'scratch-'));
    const { program, base } = await serve(`sha256:${'0'.repeat(64)}`, {
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
      SCRATCH_DIR: scratch,
    });
    await waitFor(async () => ((await status(`${base}/readyz`)) === 503 ? true : undefined), {
      what: 'readyz to answer',
      limitMs: 300_000,
    });
    const { reason } = (await (await fetch(`${base}/readyz`)).json()) as { reason: string };
    expect(reason).to.match(/downloading/);
    program.child.kill('SIGTERM');
    expect((await program.ended).code).to.equal(0);
    expect(await readdir(scratch)).to.deep.equal([]);
  });

  const mistakes: { name: string; args: string[]; env?: Record<string, string>; says: RegExp }[] = [
    {
      name: 'no command of that name',
      args: ['server'],
      says: /There is no command server; there are serve, evaluate/,
    },
    { name: 'no store', args: ['serve', '--release', release], says: /--store is missing/ },
    {
      name: 'a digest that is none',
      args: ['serve', '--store', 'file:///x', '--release', release, '--digest', 'abc'],
      says: /--digest is wrong/,
    },
    { name: 'an unknown option', args: ['serve', '--stroe', 'x'], says: /--stroe/ },
    {
      name: 'a store of an unknown kind',
      args: [
        'serve',
        '--store',
        'ftp://x',
        '--release',
        release,
        '--digest',
        `sha256:${'0'.repeat(64)}`,
      ],
      env: { KUBERNETES_SERVICE_HOST: '127.0.0.1' },
      says: /ftp:\/\/x/,
    },
    {
      name: 'nobody who could call',
      args: [
        'serve',
        '--store',
        'file:///x',
        '--release',
        release,
        '--digest',
        `sha256:${'0'.repeat(64)}`,
      ],
      says: /Nobody could call/,
    },
    {
      name: 'a database without token keys',
      args: [
        'serve',
        '--store',
        'file:///x',
        '--release',
        release,
        '--digest',
        `sha256:${'0'.repeat(64)}`,
      ],
      env: { DATABASE_URL_FILE: '/x' },
      says: /TOKEN_KEYS_DIR is not/,
    },
    {
      name: 'a folder without keys',
      args: [
        'serve',
        '--store',
        'file:///x',
        '--release',
        release,
        '--digest',
        `sha256:${'0'.repeat(64)}`,
      ],
      env: { TOKEN_KEYS_DIR: '/proc/self/task' },
      says: /holds no \.pem file/,
    },
    {
      name: 'workers that are no number',
      args: ['serve'],
      env: { PREDICT_WORKERS: 'many' },
      says: /PREDICT_WORKERS/,
    },
  ];
  for (const { name, args, env, says } of mistakes) {
    it(`says what is wrong and exits 10: ${name}`, async () => {
      running = startProgram(args, env);
      const { code, result } = await running.ended;
      expect([code, result.reason]).to.deep.equal([10, 'BadConfiguration']);
      expect(result.message).to.match(says);
      expect(running.stderr()).to.match(says);
    });
  }
});
