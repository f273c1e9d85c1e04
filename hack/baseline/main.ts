import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  openStore,
  readSnapshot,
  samples,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { readConfig } from '../config.ts';
import { pythonEnvironment } from '../tools/python-environment.ts';

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
  const say = (line: string) => void process.stderr.write(`baseline: ${line}\n`);
  const requirements = new URL('requirements.txt', import.meta.url);
  const environment = await pythonEnvironment('baseline', requirements, say, config);
  const store = openStore(values.store, storeSettingsFromEnv(config.inherited));
  const snapshot = await readSnapshot(store, values.dataset);
  const script = fileURLToPath(new URL('baseline.py', import.meta.url));
  const child = spawn(join(environment, 'bin', 'python'), [script], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
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

await main().catch((error: Error) => {
  process.stderr.write(`baseline: ${error.message}\n`);
  process.exitCode = 1;
});
