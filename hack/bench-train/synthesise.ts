/** Writes a synthetic catalogue of any size into a folder, for looking at by hand. */
import { parseArgs } from 'node:util';
import { createPace } from '../../trainer/pace.ts';
import { createProgress } from '../../trainer/progress.ts';
import { writeSyntheticCatalogue } from './synthetic.ts';

const usage = `Usage: node hack/bench-train/synthesise.ts --to FOLDER --products N [--seed N]
`;

const { values } = parseArgs({
  options: { to: { type: 'string' }, products: { type: 'string' }, seed: { type: 'string' } },
});
const count = Number(values.products);
if (!values.to || !Number.isInteger(count) || count < 1) {
  process.stderr.write(usage);
  process.exitCode = 10;
} else {
  const progress = createProgress(process);
  const pace = createPace(progress.show, { step: 'synthesise', phase: 'products', total: count });
  const seed = Number(values.seed ?? 1);
  await writeSyntheticCatalogue(values.to, { count, seed, onProgress: () => pace.advance() });
  progress.end();
}
