import { median } from '../figures/median.ts';
import type { Figure } from '../figures/report.ts';
import { failures } from '../load/tally.ts';
import { memoryOf } from '../process/memory.ts';
import type { Capacity } from './capacity.ts';
import type { World } from './world.ts';

/** A token is valid for a quarter of an hour. */
const longestJobSeconds = 300;

/** At four fifths of peak for minutes: nobody is refused, answers stay fast, memory stays flat. */
export async function sustained(
  world: World,
  { peak, idleP99 }: Capacity,
  { minutes, say }: { minutes: number; say: (text: string) => void },
): Promise<Figure[]> {
  const rate = 0.8 * peak;
  const memory: number[] = [];
  const sampler = setInterval(() => memory.push(memoryOf(world.service.pid).now), 1000);
  let failed = 0;
  let slowest = 0;
  try {
    for (let left = minutes * 60; left > 0; left -= longestJobSeconds) {
      const seconds = Math.min(left, longestJobSeconds);
      say(`0.8 × peak, ${Math.round(left / 60)} minutes to go`);
      const result = await world.predictions({ rate, seconds, arrivals: 'steady' });
      failed += failures(result);
      slowest = Math.max(slowest, result.answered.p99);
    }
  } finally {
    clearInterval(sampler);
  }
  say('0.8 × peak, at random');
  const random = await world.predictions({ rate, seconds: 20, arrivals: 'poisson' });
  failed += failures(random);
  const quarter = Math.max(1, Math.floor(memory.length / 4));
  const growth = median(memory.slice(-quarter)) - median(memory.slice(quarter, 2 * quarter));
  return [
    {
      name: 'sustainedFailures',
      says: `0.8 × peak for ${minutes} min: other answers than 2xx`,
      value: failed,
      unit: 'requests',
      digits: 0,
      exactly: 0,
    },
    {
      name: 'sustainedP99OfIdle',
      says: '0.8 × peak, evenly: p99 beside that at a tenth of peak',
      value: slowest / idleP99,
      unit: '×',
      atMost: 2,
    },
    {
      name: 'randomP99OfIdle',
      says: '0.8 × peak, arrivals at random: likewise (what any single queue of one core has: about 10)',
      value: random.answered.p99 / idleP99,
      unit: '×',
    },
    {
      name: 'sustainedGrowthMiB',
      says: "0.8 × peak: memory of the last quarter, over the second quarter's",
      value: growth,
      unit: 'MiB',
    },
    {
      name: 'sustainedMemoryMiB',
      says: '0.8 × peak: the most memory held',
      value: Math.max(...memory),
      unit: 'MiB',
    },
  ];
}
