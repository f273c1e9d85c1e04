import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  openStore,
  readSnapshot,
  samples,
  sha256Of,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { readConfig } from '../config.ts';

/**
 * Fits TF-IDF + a linear SVC of scikit-learn on a dataset's train products and scores its holdout, so that a
 * release's figures can be compared: `npm run -s baseline -- --store URL --dataset sha256:HEX`.
 * scikit-learn goes into an environment of its own in the cache.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { store: { type: 'string' }, dataset: { type: 'string' } },
  });
  if (!values.store || !values.dataset)
    throw new Error('Say which dataset: npm run -s baseline -- --store URL --dataset sha256:HEX');
  const config = readConfig();
  const python = await environment(config.cacheDir);
  const store = openStore(values.store, storeSettingsFromEnv(config.inherited));
  const snapshot = await readSnapshot(store, values.dataset);
  const script = fileURLToPath(new URL('baseline.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'exit');
  await pipeline(Readable.from(lines(store, snapshot)), child.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`${script} ended with code ${code}.`);
}

async function* lines(
  store: Parameters<typeof samples>[0],
  snapshot: Parameters<typeof samples>[1],
): AsyncGenerator<string> {
  for (const side of ['train', 'holdout'] as const)
    for await (const sample of samples(store, snapshot, side)) {
      const text = [sample.designation, sample.description ?? ''].join(' ');
      yield `${JSON.stringify({ side, text, class: sample.class })}\n`;
    }
}

/** A virtual environment that holds exactly the packages of requirements.txt; its name is their digest. */
async function environment(cacheDir: string): Promise<string> {
  const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
  const name = sha256Of(await readFile(requirements)).slice(7, 19);
  const home = join(cacheDir, 'baseline', name);
  const python = join(home, 'bin', 'python');
  const ready = await access(join(home, 'complete')).then(
    () => true,
    () => false,
  );
  if (ready) return python;
  process.stderr.write('baseline: installing scikit-learn …\n');
  await rm(home, { recursive: true, force: true });
  await mkdir(join(home, '..'), { recursive: true });
  run('python3', ['-m', 'venv', home], 'apt-get install python3 python3-venv');
  run(
    python,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'].concat([
      '--only-binary',
      ':all:',
      '--no-deps',
      '--requirement',
      requirements,
    ]),
    'a connection to the Python package index',
  );
  await writeFile(join(home, 'complete'), '');
  return python;
}

function run(program: string, args: string[], needs: string): void {
  const done = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (done.error || done.status !== 0)
    throw new Error(
      `${program} ${args.slice(0, 3).join(' ')} failed (needs ${needs}): ${done.stderr ?? done.error?.message}`,
    );
}

await main().catch((error: Error) => {
  process.stderr.write(`baseline: ${error.message}\n`);
  process.exitCode = 1;
});
