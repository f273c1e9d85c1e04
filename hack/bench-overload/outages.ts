import type { Figure } from '../figures/report.ts';
import { failures } from '../load/tally.ts';
import { waitFor } from '../process/wait.ts';
import type { Capacity } from './capacity.ts';
import type { World } from './world.ts';

/** PostgreSQL, then S3 are taken away under load, and given back: predictions go on, and readiness tells. */
export async function outages(
  world: World,
  { peak }: Capacity,
  { seconds, say }: { seconds: number; say: (text: string) => void },
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of ['postgres', 's3'] as const) {
    say(`without ${name}`);
    await world[name].pause();
    const result = await world.predictions({ rate: peak / 2, seconds, arrivals: 'steady' });
    const readiness = await fetch(`${world.url}/readyz`);
    const told = (await readiness.json()) as { dependencies?: Record<string, string> };
    say(`without ${name} readiness says ${readiness.status} ${JSON.stringify(told.dependencies)}`);
    await world[name].resume();
    figures.push(
      {
        name: `${name}GoneFailures`,
        says: `${name} gone: predictions that were not answered`,
        value: failures(result),
        unit: 'requests',
        digits: 0,
        exactly: 0,
      },
      {
        name: `${name}GoneReadiness`,
        says: `${name} gone: readiness, of predictions`,
        value: readiness.status,
        unit: '',
        digits: 0,
        exactly: 200,
      },
    );
    const down = Object.values(told.dependencies ?? {}).filter((state) => state === 'down').length;
    figures.push({
      name: `${name}GoneTold`,
      says: `${name} gone: dependencies that readiness tells as down`,
      value: down,
      unit: '',
      digits: 0,
      atLeast: 1,
    });
    await waitFor(
      async () => {
        const again = await (await fetch(`${world.url}/readyz`)).json();
        const states = Object.values((again as typeof told).dependencies ?? {});
        return states.includes('down') ? undefined : true;
      },
      { what: `readiness to tell that ${name} is back`, limitMs: 120_000, everyMs: 250 },
    );
  }
  return figures;
}
