import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { type ClusterStatus, chooseCluster } from './cluster.ts';

const usage = `usage: npm run -s cluster -- up [--gpus N] | down | status [-o json]
  up      starts the cluster, or what of it does not run; --gpus says how many (fake) nvidia.com/gpu its node has (1)
  down    ends it and removes what it put on this machine
  status  what runs, and where its kubeconfig is
CLUSTER=local|kind|current says which cluster; see hack/cluster/README.md.
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
    options: {
      gpus: { type: 'string', default: '1' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean' },
    },
  });
  const [command, ...rest] = positionals;
  if (
    values.help ||
    command === undefined ||
    rest.length > 0 ||
    !['up', 'down', 'status'].includes(command)
  ) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  if (!/^\d{1,3}$/.test(values.gpus))
    throw new Error(`--gpus is "${values.gpus}"; give a number from 0 to 999.`);
  if (values.output !== undefined && values.output !== 'json') {
    throw new Error(`--output is "${values.output}"; the only other form is json.`);
  }
  const cluster = await chooseCluster(readConfig());
  if (command === 'up') await cluster.up({ gpus: Number(values.gpus) });
  if (command === 'down') await cluster.down();
  if (command !== 'status' && values.output === undefined) return 0;
  const status = await cluster.status();
  process.stdout.write(
    values.output === 'json' ? `${JSON.stringify(status)}\n` : forPeople(status),
  );
  return command === 'status' && !status.running ? 3 : 0;
}

function forPeople(status: ClusterStatus): string {
  const lines = [
    `${status.kind} cluster: ${status.running ? `running${status.version ? `, Kubernetes ${status.version}` : ''}` : 'not running'}`,
    ...(status.running ? [`kubeconfig: ${status.kubeconfig}`] : []),
    ...(status.registry ? [`images: ${status.registry}`] : []),
    ...(status.processes ?? []).map(
      ({ name, pid, running }) => `  ${name.padEnd(24)} ${running ? `pid ${pid}` : 'not running'}`,
    ),
    ...status.notes,
  ];
  return `${lines.join('\n')}\n`;
}
