import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { productSchema, tokenResponseSchema } from '@shelfwise/inference-contract';
import { keys, openStore, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { freePorts } from '../../hack/cluster/free-ports.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { type PostgresService, startPostgres, writeUrlFile } from '../../hack/services/postgres.ts';
import { type S3Service, startVersitygw } from '../../hack/services/versitygw.ts';
import { type Running, startProgram } from '../fixtures/program.ts';
import { writeTokenKey } from '../fixtures/service.ts';
import { colouredPicture } from '../fixtures/tiny-bundle.ts';
import { publishTinyRelease } from '../fixtures/tiny-store.ts';

const release = 'shop-20261122-030000';
const admin = { username: 'admin', password: 'correct horse battery' };

describe('inference serve with a database', () => {
  let dir: string;
  let s3: S3Service;
  let postgres: PostgresService;
  let running: Running | undefined;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'catalogue-program-'));
    [s3, postgres] = await Promise.all([startVersitygw(), startPostgres()]);
  });
  after(async () => {
    running?.child.kill('SIGKILL');
    await running?.ended.catch(() => undefined);
    await s3?.stop();
    await postgres?.stop();
    await rm(dir, { recursive: true });
  });

  it("keeps products, their pictures in the ModelRelease's folder, predicts what waits, and leaves when it is told to", async () => {
    const url = `s3://${s3.bucket}/models/shop/products`;
    const store = openStore(url, storeSettingsFromEnv(s3.env));
    const { digest } = await publishTinyRelease({ store, dir }, release);
    const folder = async (name: string) => {
      await mkdir(join(dir, name));
      return join(dir, name);
    };
    const keysDir = await folder('keys');
    await writeTokenKey(keysDir, 'k1');
    const adminDir = await folder('admin');
    for (const [name, value] of Object.entries(admin)) await writeFile(join(adminDir, name), value);
    const [port] = await freePorts(1);
    const program = startProgram(
      ['serve', '--store', url, '--release', release, '--digest', digest, '--port', String(port)],
      {
        ...s3.env,
        DATABASE_URL_FILE: await writeUrlFile(join(dir, 'url'), postgres.url),
        TOKEN_KEYS_DIR: keysDir,
        ADMIN_CREDENTIALS_DIR: adminDir,
        PREDICT_WORKERS: '1',
        SHUTDOWN_DELAY_MS: '10',
        TERMINATION_MESSAGE_PATH: join(dir, 'message'),
      },
    );
    running = program;
    const hopeless = () =>
      program.child.exitCode === null ? undefined : `it ended: ${program.stderr()}`;
    const call = async (method: string, path: string, body: object | undefined, token = '') => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as unknown };
    };
    const token = await waitFor(
      async () => {
        const { status, body } = await call('POST', '/v1/tokens', admin);
        return status === 200 ? tokenResponseSchema.parse(body).access_token : undefined;
      },
      { what: 'the admin to log in', limitMs: 300_000, hopeless },
    );
    const picture = await colouredPicture('red');
    const { status, body } = await call(
      ...([
        'POST',
        '/v1/products',
        { designation: 'spade', image: picture.toString('base64') },
      ] as const),
      token,
    );
    expect(status, JSON.stringify(body)).to.equal(201);
    const created = productSchema.parse(body);
    expect((await store.read(keys.picture(created.image?.sha256 ?? ''))).equals(picture)).to.equal(
      true,
    );
    // It came before the model was there, or after: in the end it is predicted.
    await waitFor(
      async () => {
        const seen = await call('GET', `/v1/products/${created.id}`, undefined, token);
        const { prediction } = productSchema.parse(seen.body);
        if (prediction.status !== 'done') return undefined;
        expect(prediction).to.include({ release, digest });
        return true;
      },
      { what: 'the product to be predicted', limitMs: 300_000, hopeless },
    );
    await waitFor(
      async () => {
        const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        return /^shelfwise_inference_catalogue_pending_products 0$/m.test(page) ? true : undefined;
      },
      { what: 'the metrics to say that none waits', limitMs: 300_000, hopeless },
    );
    program.child.kill('SIGTERM');
    expect((await program.ended).code, program.stderr()).to.equal(0);
  });
});
