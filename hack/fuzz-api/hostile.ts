/** `make fuzz-hostile`: hostile pictures and forms by the thousand, beside requests that are none: memory stays bounded. */
import { parseArgs } from 'node:util';
import { noisyJpeg } from '../../inference/fixtures/pictures.ts';
import { type Figure, tellReport } from '../figures/report.ts';
import { askOnce } from '../load/connection.ts';
import { startGenerator } from '../load/generate-load.ts';
import { multipart } from '../load/request.ts';
import { failures } from '../load/tally.ts';
import { count } from '../process/count.ts';
import { memoryOf } from '../process/memory.ts';
import { type HostileRequest, hostileRequests } from './hostile-requests.ts';
import { startWholeService, type WholeService } from './service.ts';

const usage = `usage: make fuzz-hostile ARGS='[options]'
  --seconds N      (default 60)
  --connections N  on which hostile requests come without a pause (default 16)`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      connections: { type: 'string', default: '16' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const seconds = count('--seconds', values.seconds);
  const connections = count('--connections', values.connections);
  const service = await startWholeService({ LOG_LEVEL: 'warn' });
  try {
    tellReport('fuzz-hostile', await flood(service, { seconds, connections }));
  } finally {
    await service.stop();
  }
}

async function flood(
  service: WholeService,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<Figure[]> {
  const port = Number(new URL(service.url).port);
  const authorization = await service.authorization();
  const hostile = await hostileRequests(authorization);
  const otherwise: string[] = [];
  for (const each of hostile) {
    const said = await statusOf(port, each);
    if (said !== String(each.status))
      otherwise.push(`${each.name} is answered ${said}, not ${each.status}`);
  }
  for (const line of otherwise) process.stdout.write(`  ${line}\n`);
  const fine = { ...multipart({}, await noisyJpeg(200)), method: 'POST', path: '/v1/predict' };
  const bad = await startGenerator(hostile.map(({ request }) => request));
  const good = await startGenerator([{ ...fine, headers: { ...fine.headers, authorization } }]);
  const memory: number[] = [];
  const sampler = setInterval(() => memory.push(memoryOf(service.pid).now), 1000);
  try {
    const [flooded, beside] = await Promise.all([
      bad.closed({ port, connections, seconds }),
      good.closed({ port, connections: 1, seconds }),
    ]);
    const sum = (of: (status: string) => boolean) =>
      Object.entries(flooded.statuses).reduce((total, [s, n]) => total + (of(s) ? n : 0), 0);
    const half = memory.length >> 1;
    const most = (values: number[]) => Math.max(...values);
    const requests = { unit: 'requests', digits: 0 };
    return [
      {
        name: 'otherwiseAnswered',
        says: 'hostile requests that are not answered as they are to be',
        ...requests,
        value: otherwise.length,
        exactly: 0,
      },
      { name: 'hostile', says: 'hostile requests answered', ...requests, value: sum(() => true) },
      {
        name: 'serverErrors',
        says: 'of them with 5xx other than 503',
        ...requests,
        value: sum((status) => /^5/.test(status) && status !== '503'),
        exactly: 0,
      },
      {
        name: 'besideFailures',
        says: 'requests beside them that were not answered',
        ...requests,
        value: failures(beside),
        exactly: 0,
      },
      { name: 'besideP99Ms', says: 'their p99', value: beside.answered.p99, unit: 'ms' },
      {
        name: 'peakMiB',
        says: 'the most memory that the service held',
        value: memoryOf(service.pid).peak,
        unit: 'MiB',
        atMost: 1024,
      },
      {
        name: 'growthMiB',
        says: "the second half's most memory over the first's",
        value: most(memory.slice(half)) - most(memory.slice(0, half)),
        unit: 'MiB',
        atMost: 100,
      },
    ];
  } finally {
    clearInterval(sampler);
    await bad.stop();
    await good.stop();
  }
}

async function statusOf(port: number, { request }: HostileRequest): Promise<string> {
  const outcome = await askOnce(port, request);
  return 'error' in outcome ? outcome.error : String(outcome.response.status);
}

await main().catch((error: Error) => {
  process.stderr.write(`fuzz-hostile: ${error.message}\n`);
  process.exitCode = 1;
});
