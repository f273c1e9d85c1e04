import { median } from '../figures/median.ts';
import type { Figure } from '../figures/report.ts';
import type { World } from './world.ts';

/** What the other parts are measured by. */
export interface Capacity {
  /** Requests a second. */
  peak: number;
  /** Milliseconds at a tenth of the peak. */
  idleP99: number;
}

/** Finds out what the service can do, and how fast it is with little to do. */
export async function findCapacity(
  world: World,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<{ capacity: Capacity; figures: Figure[] }> {
  // Until it is warm: the first thousand requests are slower.
  await world.peak(16, 5);
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round++) peaks.push(await world.peak(16, seconds));
  const peak = median(peaks);
  const idle: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const result = await world.predictions({ rate: peak / 10, seconds, arrivals: 'steady' });
    idle.push(result.answered.p99);
  }
  const idleP99 = median(idle);
  const figures = [
    { name: 'peakPerSecond', says: 'peak of one core', value: peak, unit: 'requests/s' },
    { name: 'idleP99Ms', says: 'p99 at a tenth of peak', value: idleP99, unit: 'ms' },
  ];
  return { capacity: { peak, idleP99 }, figures };
}
