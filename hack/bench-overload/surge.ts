import type { Figure } from '../figures/report.ts';
import type { OpenLoopResult } from '../load/open-loop.ts';
import { failures } from '../load/tally.ts';
import { memoryOf } from '../process/memory.ts';
import type { Capacity } from './capacity.ts';
import type { World } from './world.ts';

/** At peak, at three times of it, and back: what can be answered is, the rest is told at once to come back later. */
export async function surge(
  world: World,
  { peak, idleP99 }: Capacity,
  { seconds, say }: { seconds: number; say: (text: string) => void },
): Promise<Figure[]> {
  say('1 × peak');
  const full = await world.predictions({ rate: peak, seconds, arrivals: 'poisson' });
  say('settling');
  await world.predictions({ rate: peak / 10, seconds: 10, arrivals: 'steady' });
  say('3 × peak');
  const over = await world.predictions({ rate: 3 * peak, seconds, arrivals: 'poisson' });
  say('back to 0.8 × peak');
  const after = await world.predictions({ rate: 0.8 * peak, seconds: 30, arrivals: 'steady' });
  const { peak: most } = memoryOf(world.service.pid);
  const { '503': refused = 0 } = over.statuses;
  const neither = failures(over) - refused;
  if (neither > 0)
    say(`neither answered nor refused: ${JSON.stringify([over.errors, over.samples])}`);
  return [
    {
      name: 'fullGoodputPercent',
      says: '1 × peak, at random: answered, of peak',
      value: (100 * goodput(full)) / peak,
      unit: '%',
    },
    {
      name: 'surgeGoodputPercent',
      says: '3 × peak: answered, of peak',
      value: (100 * goodput(over)) / peak,
      unit: '%',
      atLeast: 90,
    },
    {
      name: 'surgeAnsweredP99Ms',
      says: '3 × peak: p99 of what is answered',
      value: over.answered.p99,
      unit: 'ms',
    },
    {
      name: 'surgeRefusals',
      says: '3 × peak: refused with 503',
      value: refused,
      unit: 'requests',
      digits: 0,
    },
    {
      name: 'surgeRefusedP99Ms',
      says: '3 × peak: p99 until it is refused',
      value: over.refused.p99,
      unit: 'ms',
      atMost: 50,
    },
    {
      name: 'surgeRefusedP50Ms',
      says: '3 × peak: half are refused within',
      value: over.refused.p50,
      unit: 'ms',
    },
    {
      name: 'surgeWithoutRetryAfter',
      says: '3 × peak: refused without Retry-After',
      value: over.withoutRetryAfter,
      unit: 'requests',
      digits: 0,
      exactly: 0,
    },
    {
      name: 'surgeNeither',
      says: '3 × peak: neither answered nor refused with 503',
      value: neither,
      unit: 'requests',
      digits: 0,
      exactly: 0,
    },
    {
      name: 'normalAfterSeconds',
      says: 'back at 0.8 × peak: all answered, p99 ≤ 3 × idle, after',
      value: secondsUntilNormal(after, 3 * idleP99),
      unit: 's',
      digits: 0,
      atMost: 10,
    },
    {
      name: 'surgeMemoryMiB',
      says: 'the most memory held, the surge included',
      value: most,
      unit: 'MiB',
    },
  ];
}

/** Answers a second while requests came. */
const goodput = ({ bySecond, seconds }: OpenLoopResult) =>
  bySecond.reduce((sum, { answered }) => sum + answered, 0) / seconds;

/** The first second from which on nearly every second is as usual; NaN where there is none. A second in ten may be the machine's. */
export function secondsUntilNormal(
  { bySecond }: Pick<OpenLoopResult, 'bySecond'>,
  p99Limit: number,
): number {
  const usual = bySecond.map(({ failed, p99 }) => failed === 0 && p99 <= p99Limit);
  for (let from = 0; from < usual.length; from++) {
    const rest = usual.slice(from);
    const odd = rest.filter((each) => !each).length;
    if (usual[from] && odd <= rest.length / 10) return from;
  }
  return Number.NaN;
}
