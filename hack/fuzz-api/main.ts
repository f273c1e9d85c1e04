/** `make fuzz-api`: schemathesis over the service's own OpenAPI document: no 5xx, and answers are what the document says. */
import { parseArgs } from 'node:util';
import { tellReport } from '../figures/report.ts';
import { count } from '../process/count.ts';
import { memoryOf } from '../process/memory.ts';
import { fuzz } from './schemathesis.ts';
import { startWholeService } from './service.ts';

const usage = `usage: make fuzz-api ARGS='[options]'
  --examples N   requests of each operation in each phase (default 100)
  --phases LIST  some of examples,coverage,fuzzing,stateful (default examples,coverage,fuzzing)
  --seed N       the same seed asks the same (default 1)`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      examples: { type: 'string', default: '100' },
      phases: { type: 'string', default: 'examples,coverage,fuzzing' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const examples = count('--examples', values.examples);
  const seed = count('--seed', values.seed);
  const service = await startWholeService();
  try {
    const report = await fuzz(service, { seed, examples, phases: values.phases });
    process.stdout.write(`${report.words}\n`);
    for (const failure of report.failures) process.stdout.write(`  ${failure}\n`);
    // pino's levels: 50 is an error, whose request id the answer has, too.
    for (const line of service.log().split('\n'))
      if (/"level":[56]0,/.test(line)) process.stdout.write(`  ${line}\n`);
    if (report.neverAccepted.length > 0)
      process.stdout.write(`  never answered with 2xx: ${report.neverAccepted.join(', ')}\n`);
    tellReport('fuzz-api', [
      {
        name: 'failures',
        says: 'kinds of answers that are wrong',
        unit: '',
        digits: 0,
        value: report.failures.length,
        exactly: 0,
      },
      { name: 'cases', says: 'requests', unit: 'requests', digits: 0, value: report.cases },
      {
        name: 'operationsLeftOut',
        says: 'operations of the document that were not asked',
        unit: '',
        digits: 0,
        value: report.selected - report.tested,
        exactly: 0,
      },
      {
        name: 'peakMiB',
        says: 'the most memory that the service held',
        value: memoryOf(service.pid).peak,
        unit: 'MiB',
        atMost: 1024,
      },
    ]);
  } finally {
    await service.stop();
  }
}

await main().catch((error: Error) => {
  process.stderr.write(`fuzz-api: ${error.message}\n`);
  process.exitCode = 1;
});
