import { median } from '../figures/median.ts';
import type { Figure } from '../figures/report.ts';
import { startGenerator } from '../load/generate-load.ts';
import type { StoredRequest } from '../load/request.ts';
import type { Capacity } from './capacity.ts';
import { cores, type World } from './world.ts';

const wrongPerSecond = 1_000;

/** Predictions at half of peak, with and without a thousand wrong passwords a second beside them, in turns. */
export async function logins(
  world: World,
  { peak }: Capacity,
  { rounds, seconds, say }: { rounds: number; seconds: number; say: (text: string) => void },
): Promise<Figure[]> {
  const wrong = await startGenerator(guesses(500), { core: cores.generator });
  const predict = async () =>
    (await world.predictions({ rate: peak / 2, seconds, arrivals: 'steady' })).answered;
  const beside: Record<string, number> = {};
  const ratios: number[] = [];
  const quiet: number[] = [];
  const disturbed: number[] = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      say(`predictions alone, round ${round} of ${rounds}`);
      const alone = await predict();
      say(`with ${wrongPerSecond} wrong logins a second, round ${round} of ${rounds}`);
      const job = { port: world.service.port, rate: wrongPerSecond, arrivals: 'poisson' } as const;
      const [together, refused] = await Promise.all([
        predict(),
        wrong.open({ ...job, seconds: seconds + 1 }),
      ]);
      for (const [status, count] of Object.entries({ ...refused.statuses, ...refused.errors }))
        beside[status] = (beside[status] ?? 0) + count;
      ratios.push(together.p99 / alone.p99);
      quiet.push(alone.p99);
      disturbed.push(together.p99);
    }
  } finally {
    await wrong.stop();
  }
  say(`wrong logins were answered ${JSON.stringify(beside)}`);
  const other = Object.entries(beside).filter(
    ([status]) => !['401', '429', '503'].includes(status),
  );
  return [
    {
      name: 'loginsP99OfQuiet',
      says: `${wrongPerSecond} wrong logins a second: p99 of predictions beside that without them`,
      value: median(ratios),
      unit: '×',
      atMost: 1.2,
    },
    { name: 'quietP99Ms', says: 'p99 at half of peak', value: median(quiet), unit: 'ms' },
    {
      name: 'disturbedP99Ms',
      says: 'the same with the logins beside it',
      value: median(disturbed),
      unit: 'ms',
    },
    {
      name: 'loginsOtherwiseAnswered',
      says: 'wrong logins that were answered none of 401, 429 and 503',
      value: other.reduce((sum, [, count]) => sum + count, 0),
      unit: 'requests',
      digits: 0,
      exactly: 0,
    },
  ];
}

function guesses(count: number): StoredRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    method: 'POST',
    path: '/v1/tokens',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(
      JSON.stringify({ username: `user-${i}`, password: `guess-${i}-guess` }),
    ).toString('base64'),
  }));
}
