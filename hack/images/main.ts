import { parseArgs } from 'node:util';
import { chooseCluster } from '../cluster/cluster.ts';
import { readConfig } from '../config.ts';
import { buildAll } from './build.ts';
import { chooseImages, images } from './catalogue.ts';

const usage = `usage: npm run -s images -- build [NAME…] [-o json]
  Builds the images whose inputs have changed and brings them to the cluster (see npm run -s cluster).
  NAME is one of ${images.map(({ name, usual }) => (usual ? name : `${name} (only when named)`)).join(', ')}.
`;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { output: { type: 'string', short: 'o' }, help: { type: 'boolean' } },
  });
  const [command, ...names] = positionals;
  if (values.help || command !== 'build') {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  if (values.output !== undefined && values.output !== 'json') {
    throw new Error(`--output is "${values.output}"; the only other form is json.`);
  }
  const chosen = chooseImages(names);
  const config = readConfig();
  const results = await buildAll(chosen, await chooseCluster(config), config);
  if (values.output === 'json') {
    const byName = Object.fromEntries(results.map(({ name, ...rest }) => [name, rest]));
    process.stdout.write(`${JSON.stringify(byName)}\n`);
  } else {
    for (const { name, reference } of results)
      process.stdout.write(`${name.padEnd(12)} ${reference}\n`);
  }
  return 0;
}
