/** Serves a release from a local store on this machine alone, with a database and pictures of its own: no cluster, no S3. */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  exitCodeOf,
  openStore,
  releaseNameSchema,
  StepError,
  storeSettingsFromEnv,
} from '@shelfwise/trainer-contract';
import { destination, pino } from 'pino';
import * as z from 'zod';
import { parseOptions } from '../arguments.ts';
import { serveStep } from '../serve.ts';
import { readLaptopConfig, serviceConfig } from './config.ts';
import { openDataFolder, writeSecret } from './data-folder.ts';
import { chooseRelease } from './newest-release.ts';
import { takeFolder } from './one-at-a-time.ts';
import { type LocalPostgres, startLocalPostgres } from './postgres.ts';
import { welcome } from './welcome.ts';

const { cwd, dataFolder, logLevel } = readLaptopConfig(process.env);
const log = pino({ name: 'serve', level: logLevel }, destination({ dest: 2, sync: true }));

const usage = `Usage: npm run -s serve:local -- --store FOLDER [--release NAME] [--port 8080] [--data ${dataFolder}]

Serves a release that train wrote (its newest unless told) at http://127.0.0.1:PORT, on this machine alone, with a
PostgreSQL of its own. Accounts, products and pictures stay in the --data folder. Ctrl-C ends it.
`;

const optionsSchema = z.object({
  store: z.string(),
  release: releaseNameSchema.optional(),
  port: z.coerce.number().int().min(1).max(65_535).default(8080),
  data: z.string().default(dataFolder),
});

// Handled for good: npm passes a Ctrl-C on that the terminal has sent already, and the second must not end what clears up.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interruption.abort());

async function serveLocally(args: string[], signal: AbortSignal): Promise<void> {
  const options = parseOptions('serve:local', args, optionsSchema);
  const store = openStore(storeUrl(options.store), storeSettingsFromEnv(process.env));
  const { release, digest } = await chooseRelease(store, options.release);
  const data = await openDataFolder(resolve(cwd, options.data));
  const giveBack = await takeFolder(data.path);
  let postgres: LocalPostgres | undefined;
  try {
    say('starting PostgreSQL');
    postgres = await startLocalPostgres(data.postgres);
    await writeSecret(data.databaseUrlFile, postgres.url);
    if (signal.aborted) return;
    say(`verifying ${release}`);
    const named = { store: store.url, release, digest, port: options.port, address: '127.0.0.1' };
    const serving = serveStep.run(
      Object.entries(named).map(([name, value]) => `--${name}=${value}`),
      { config: serviceConfig(process.env, data), signal, log, progress: () => undefined },
    );
    const address = `http://127.0.0.1:${options.port}`;
    if (await isReady(address, serving)) process.stdout.write(welcome({ release, address, data }));
    await serving;
  } finally {
    say('ending');
    await postgres?.stop();
    await giveBack();
  }
}

/** Whether the service came to be ready, with its database, before it ended. */
async function isReady(address: string, serving: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const end = () => ended.abort();
  serving.then(end, end);
  while (!ended.signal.aborted) {
    // Nothing listens yet, or it ended in the middle of an answer: both are just not ready.
    const answer = await fetch(`${address}/readyz`, ended).catch(() => undefined);
    const body = (await answer?.json().catch(() => undefined)) as Readiness | undefined;
    if (answer?.ok && body?.dependencies.database === 'up') return true;
    await sleep(100);
  }
  return false;
}

interface Readiness {
  dependencies: { database: string };
}

/** A folder may be given as it is: `train` takes it as file:///… */
function storeUrl(given: string): string {
  return /^[a-z0-9]+:\/\//.test(given) ? given : pathToFileURL(resolve(cwd, given)).href;
}

function say(words: string): void {
  process.stderr.write(`${words}\n`);
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(usage);
  process.exit(0);
}
try {
  await serveLocally(args, interruption.signal);
  process.exit(0);
} catch (error) {
  say(error instanceof StepError ? error.message : ((error as Error).stack ?? String(error)));
  process.exit(exitCodeOf(error));
}
