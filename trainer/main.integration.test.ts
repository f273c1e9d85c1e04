import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  exitCodes,
  openStore,
  readSnapshot,
  samples,
  storeSettingsFromEnv,
  tarBytes,
} from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { type S3Service, startVersitygw } from '../hack/services/versitygw.ts';
import { folderForEach } from './folder.fixture.ts';
import { layOut, testProducts } from './snapshot/fixture.ts';

const program = join(import.meta.dirname, 'main.ts');

describe('trainer, the program', () => {
  const folder = folderForEach();
  let s3: S3Service;
  before(async function () {
    this.timeout(600_000);
    s3 = await startVersitygw();
  });
  after(() => s3?.stop());
  beforeEach(async () => layOut(join(folder.path, 'from'), await testProducts()));

  function start(args: string[], env: Record<string, string> = {}) {
    const terminationPath = join(folder.path, 'termination');
    const child = spawn(process.execPath, [program, ...args], {
      env: {
        ...process.env,
        ...s3.env,
        TERMINATION_MESSAGE_PATH: terminationPath,
        SCRATCH_DIR: folder.path,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => (output.stdout += data));
    child.stderr.on('data', (data) => (output.stderr += data));
    const ended = once(child, 'close').then(async ([code]) => {
      const lines = output.stdout.trim().split('\n');
      const termination = await readFile(terminationPath, 'utf8').catch(() => undefined);
      return {
        code: code as number,
        lines,
        last: lines.at(-1) ?? '',
        stderr: output.stderr,
        termination,
      };
    });
    return { child, output, ended };
  }
  const run = (args: string[], env?: Record<string, string>) => start(args, env).ended;
  const localArgs = () => [
    'snapshot',
    '--from',
    folder.url('from'),
    '--store',
    folder.url('store'),
    '--holdout-percent=20',
  ];

  it('tells its commands and their options', async () => {
    for (const args of [[], ['--help'], ['help']]) {
      const { code, lines } = await run(args);
      expect(code).to.equal(0);
      expect(lines.join('\n')).to.match(/import .*\n.*snapshot .*\n.*train /);
    }
    for (const command of ['import', 'snapshot', 'train']) {
      const { code, lines, stderr } = await run([command, '--help']);
      expect(code, stderr).to.equal(0);
      expect(lines[0]).to.match(new RegExp(`^Usage: trainer ${command} `));
    }
  });

  it('ends with one JSON object, which is the termination message too', async () => {
    const { code, lines, last, stderr, termination } = await run(localArgs());
    expect(code, stderr).to.equal(0);
    const result = JSON.parse(last);
    expect(result).to.deep.include({
      step: 'snapshot',
      ok: true,
      products: 20,
      train: 16,
      holdout: 4,
      classes: 2,
      groups: 20,
      invalid: 0,
    });
    expect(JSON.parse(termination as string)).to.deep.equal(result);
    for (const line of lines.slice(0, -1)) expect(JSON.parse(line).event).to.equal('progress');
    expect(stderr).to.equal('');
  });

  it('writes no termination message where nobody asked for one', async () => {
    const { code, termination } = await run(localArgs(), { TERMINATION_MESSAGE_PATH: '' });
    expect([code, termination]).to.deep.equal([0, undefined]);
  });

  const failures: [
    string,
    () => string[],
    Record<string, string>,
    keyof typeof exitCodes,
    RegExp,
  ][] = [
    [
      'an unknown command',
      () => ['predict'],
      {},
      'BadConfiguration',
      /no command predict; there are import, snapshot, train/,
    ],
    [
      'an unknown option',
      () => [...localArgs(), '--hold=3'],
      {},
      'BadConfiguration',
      /Unknown option '--hold'/,
    ],
    [
      'a missing option',
      () => ['snapshot', '--store', folder.url('store')],
      {},
      'BadConfiguration',
      /option --from is missing/,
    ],
    [
      'an option out of range',
      () => [...localArgs(), '--maximum-invalid-percent=-1'],
      {},
      'BadConfiguration',
      /--maximum-invalid-percent "-1" is wrong/,
    ],
    ['a stray word', () => [...localArgs(), 'now'], {}, 'BadConfiguration', /'now'/],
    [
      'a wrong environment',
      () => localArgs(),
      { LOG_LEVEL: 'loud' },
      'BadConfiguration',
      /variable LOG_LEVEL is wrong/,
    ],
    [
      'a missing table',
      () => ['snapshot', '--from', folder.url('nowhere'), '--store', folder.url('store')],
      {},
      'BadData',
      /no X_train\.csv in file:/,
    ],
    [
      'a missing bucket',
      () => ['snapshot', '--from', 's3://nowhere/x', '--store', folder.url('store')],
      {},
      'BadConfiguration',
      /no bucket nowhere at http/,
    ],
    [
      'missing credentials',
      () => ['snapshot', '--from', 's3://shop/x', '--store', folder.url('store')],
      { S3_CREDENTIALS_DIR: '/nowhere' },
      'BadConfiguration',
      /no key AWS_ACCESS_KEY_ID in \/nowhere/,
    ],
    [
      'a store that does not answer',
      () => ['snapshot', '--from', 's3://shop/x', '--store', folder.url('store')],
      { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' },
      'StoreUnreachable',
      /127\.0\.0\.1:1 did not read/,
    ],
  ];
  for (const [name, args, env, reason, sentence] of failures) {
    it(`ends with ${reason} and a sentence for ${name}`, async () => {
      const { code, last, stderr, termination } = await run(args(), env);
      const failure = JSON.parse(last);
      expect(failure).to.deep.include({ ok: false, reason, exitCode: exitCodes[reason] });
      expect(failure.message).to.match(sentence);
      expect(code).to.equal(exitCodes[reason]);
      expect(JSON.parse(termination as string)).to.deep.equal(failure);
      expect(stderr).to.equal(`${failure.message}\n`);
    });
  }

  it('ends with Interrupted at SIGTERM, and publishes nothing', async () => {
    // A store that takes the request and never answers: the step is in the middle of it for sure.
    let asked: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = createServer(() => asked());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { child, ended } = start(
      ['snapshot', '--from', 's3://shop/x', '--store', folder.url('store')],
      { AWS_ENDPOINT_URL_S3: endpoint },
    );
    await reached;
    child.kill('SIGTERM');
    const { code, last } = await ended;
    server.closeAllConnections();
    server.close();
    expect(code).to.equal(exitCodes.Interrupted);
    expect(JSON.parse(last)).to.deep.include({
      reason: 'Interrupted',
      message: 'The step snapshot was stopped by SIGTERM; nothing was published.',
    });
  });

  it('takes the same snapshot from S3 as from a folder, of pictures one by one or in a tar', async () => {
    const local = JSON.parse((await run(localArgs())).last);
    const settings = storeSettingsFromEnv(s3.env);
    const imported = await run([
      'import',
      '--from',
      join(folder.path, 'from'),
      '--to',
      's3://shop/rakuten',
    ]);
    expect(JSON.parse(imported.last)).to.deep.include({ ok: true, pictures: 20 });
    const tables = ['X_train.csv', 'Y_train.csv'];
    const objects = openStore('s3://shop/rakuten', settings);
    const tarred = openStore('s3://shop/tarred', settings);
    for (const name of tables) await tarred.write(name, await objects.read(name));
    async function* entries() {
      for await (const { key, size } of objects.list('images/')) {
        yield { name: key.replace('images/', ''), size, body: [await objects.read(key)] };
      }
    }
    await tarred.write('images/all.tar', Buffer.concat(await Array.fromAsync(tarBytes(entries()))));
    for (const name of ['rakuten', 'tarred']) {
      const args = [
        'snapshot',
        '--from',
        `s3://shop/${name}`,
        '--store',
        's3://shop/store',
        '--holdout-percent=20',
      ];
      const { last, stderr } = await run(args);
      expect(JSON.parse(last).dataset, stderr).to.equal(local.dataset);
    }
    const store = openStore('s3://shop/store', settings);
    const found = await Array.fromAsync(
      samples(store, await readSnapshot(store, local.dataset), 'train'),
    );
    expect(found).to.have.length(16);
  });

  it('lets two snapshots of the same products run at the same time', async () => {
    const args = [
      'snapshot',
      '--from',
      folder.url('from'),
      '--store',
      's3://shop/both',
      '--owner-uid',
      'one',
    ];
    const both = await Promise.all([run(args), run(args, { TERMINATION_MESSAGE_PATH: '' })]);
    expect(
      both.map(({ code }) => code),
      both.map(({ stderr }) => stderr).join(),
    ).to.deep.equal([0, 0]);
    expect(JSON.parse(both[0].last).dataset).to.equal(JSON.parse(both[1].last).dataset);
  });
});
