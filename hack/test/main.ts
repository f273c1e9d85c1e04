/**
 * Runs the suites named on the command line one after the other and adds up what they counted:
 * `node hack/test/main.ts check unit integration e2e`. A suite that fails does not hide the next one.
 * At the end every failure is named once more, in a line, for whoever sees only the end of a long log. The last line is
 * `N passed, N failed`; the exit code is 1 when anything failed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemathesisEnvironment } from '../fuzz-api/schemathesis.ts';
import { mlflowEnvironment } from '../services/mlflow.ts';
import { tool } from '../tools/tool.ts';
import type { Counts } from './reporter.ts';

const checks: [name: string, command: string[]][] = [
  ['types', ['tsc', '--noEmit']],
  ['lint and format', ['biome', 'check', '.']],
  ['generated files are current', ['npm', 'run', '-s', 'generate', '--', '--check']],
];

const configs: Record<string, string> = {
  unit: '.mocharc.json',
  integration: '.mocharc.integration.json',
  e2e: '.mocharc.e2e.json',
};

/** Built before the clock of any test runs: on a fresh machine that takes longer than a test may. */
const programs: Record<string, string[]> = {
  integration: ['versitygw', 'kubernetes', 'helm', 'kwok', 'kueue'],
  e2e: ['kubernetes', 'helm', 'kueue'],
};

/** Enough to see what it is about. */
const longestMessage = 400;

async function run([command = '', ...args]: string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function runChecks(): Promise<Counts> {
  const counts: Counts = { passes: 0, failures: 0, failed: [] };
  for (const [name, command] of checks) {
    const code = await run(command);
    console.log(`  ${code === 0 ? '✔' : '✖'} ${name}`);
    counts[code === 0 ? 'passes' : 'failures'] += 1;
    if (code !== 0) counts.failed.push({ title: name, message: `${command.join(' ')}: ${code}` });
  }
  return counts;
}

async function runMocha(suite: string, config: string): Promise<Counts> {
  const dir = await mkdtemp(join(tmpdir(), 'shelfwise-test-'));
  const counts = join(dir, 'counts.json');
  try {
    for (const name of programs[suite] ?? []) await tool(name);
    if (suite === 'integration')
      for (const environment of [mlflowEnvironment, schemathesisEnvironment]) await environment();
    const code = await run([
      'mocha',
      ...['--config', config],
      ...['--reporter', 'hack/test/reporter.ts', '--reporter-option', `counts=${counts}`],
    ]);
    const counted: Counts = JSON.parse(await readFile(counts, 'utf8'));
    // A run that ended badly without a failed test (a crash, a test file that does not load) failed.
    return code !== 0 && counted.failures === 0
      ? { ...counted, ...oneFailure(suite, `mocha ended with ${code} though no test failed`) }
      : counted;
  } catch (error) {
    console.error(`the ${suite} tests ended before they had counted: ${error}`);
    return { passes: 0, ...oneFailure(suite, `ended before they had counted: ${error}`) };
  } finally {
    await rm(dir, { recursive: true });
  }
}

function oneFailure(suite: string, message: string): Pick<Counts, 'failures' | 'failed'> {
  return { failures: 1, failed: [{ title: `the ${suite} tests`, message }] };
}

/** A failure in a line: diffs and stacks stand with the test itself. */
function inALine({ title, message }: Counts['failed'][number]): string {
  return `✖ ${title}: ${message.replaceAll(/\s+/g, ' ').slice(0, longestMessage)}`;
}

async function runSuite(suite: string): Promise<Counts> {
  if (suite === 'check') return runChecks();
  const config = configs[suite];
  if (!config)
    throw new Error(`no suite ${suite}: there are check, ${Object.keys(configs).join(', ')}`);
  return runMocha(suite, config);
}

const total: Counts = { passes: 0, failures: 0, failed: [] };
for (const suite of process.argv.slice(2)) {
  const started = Date.now();
  console.log(`\n== ${suite}`);
  const { passes, failures, failed } = await runSuite(suite);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`== ${suite}: ${passes} passed, ${failures} failed in ${seconds} s`);
  total.passes += passes;
  total.failures += failures;
  total.failed.push(...failed);
}
if (total.failed.length > 0) console.log(`\n${total.failed.map(inALine).join('\n')}`);
console.log(`\n${total.passes} passed, ${total.failures} failed`);
process.exitCode = total.failures === 0 && total.passes > 0 ? 0 : 1;
