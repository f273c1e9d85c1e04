/** What memory does when a catalogue grows: snapshot and train, each at two sizes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../config.ts';
import type { Figure } from '../figures/report.ts';
import { table } from '../figures/table.ts';
import { entrypoint } from '../images/dockerfile.ts';
import { type Measured, runMeasured } from '../process/measured.ts';
import { phaseWords } from '../process/progress-line.ts';
import { lastJson } from '../process/run.ts';
import { writeSyntheticCatalogue } from './synthetic.ts';

export interface MemorySettings {
  config: Config;
  /** Products of the smaller and of the larger catalogue. */
  sizes: [number, number];
  say: (text: string) => void;
  tell: (text: string) => void;
}

const steps = ['snapshot', 'train'] as const;
type Peaks = Record<(typeof steps)[number], Measured>;

export async function memory({ config, sizes, say, tell }: MemorySettings): Promise<Figure[]> {
  const measured: [number, Peaks][] = [];
  for (const products of sizes) measured.push([products, await peaksAt(products, { config, say })]);
  tell(memoryTable(measured));
  return figuresOf(measured);
}

async function peaksAt(
  products: number,
  { config, say }: Pick<MemorySettings, 'config' | 'say'>,
): Promise<Peaks> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-train-'));
  const [data, store] = ['data', 'store'].map((name) => `${pathToFileURL(dir)}/${name}`);
  // As in the image.
  const [, ...program] = entrypoint(await readFile('trainer/Dockerfile', 'utf8'));
  const flags = program.filter((word) => word.startsWith('--'));
  const step = (args: string[]) =>
    runMeasured([...flags, 'trainer/main.ts', ...args, '--store', String(store)], {
      env: config.inherited,
      onProgress: (event) => say(`${products} products: ${args[0]}, ${phaseWords(event)}`),
    });
  try {
    say(`${products} products: writing`);
    await writeSyntheticCatalogue(join(dir, 'data'), {
      count: products,
      onProgress: (done) => say(`${products} products: writing ${done}`),
    });
    const snapshot = await step(['snapshot', '--from', String(data)]);
    const { dataset } = lastJson(snapshot.stdout);
    const short = ['--epochs', '1', '--image-size', '32'];
    const train = await step(['train', '--dataset', dataset, '--release', 'memory', ...short]);
    return { snapshot, train };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function memoryTable(measured: [number, Peaks][]): string {
  const rows = measured.flatMap(([products, peaks]) =>
    steps.map((step) => [
      step,
      String(products),
      peaks[step].usage.peakMiB.toFixed(0),
      peaks[step].usage.seconds.toFixed(0),
      peaks[step].usage.cpuSeconds.toFixed(0),
    ]),
  );
  return table([['step', 'products', 'peak MiB', 'seconds', 'CPU s'], ...rows]);
}

export function figuresOf(measured: [number, Peaks][]): Figure[] {
  const [smaller, larger] = measured as [[number, Peaks], [number, Peaks]];
  return steps.flatMap((step) => {
    const peaks = [smaller, larger].map(([products, of]) => ({
      name: `${step}PeakMiB${products}`,
      says: `${step}: peak of memory, ${products} products`,
      value: of[step].usage.peakMiB,
      unit: 'MiB',
    }));
    const growth = larger[1][step].usage.peakMiB / smaller[1][step].usage.peakMiB;
    const says = `${step}: peak at ${larger[0]} products against ${smaller[0]}`;
    return [...peaks, { name: `${step}Growth`, says, value: growth, unit: '×', atMost: 1.3 }];
  });
}
