/** `make bench-transport`: requests per CPU second of the engine's transport, and of what it could have been instead. */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { kubeconfigConnection } from '../../operator/kube/connection.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { median } from '../figures/median.ts';
import { type Figure, tellReport } from '../figures/report.ts';
import { table } from '../figures/table.ts';
import { count } from '../process/count.ts';
import { type Client, clientNode, compressed, ours } from './clients.ts';
import { type Synced, ways } from './sync.ts';

/** What is asked, how often a round, and by how many at a time. */
interface Workload {
  name: string;
  requests: number;
  atATime: number;
  /** How many times as many requests as client-node ours has to do at least. */
  overPeer: number;
  ask(client: Client, nth: number): Promise<unknown>;
}

const objects = 3_000;
const workloads: Workload[] = [
  {
    ...{ name: 'get', requests: 3_000, atATime: 8, overPeer: 4 },
    ask: (client, nth) => client.get(`c-${nth % 500}`),
  },
  {
    ...{ name: 'apply', requests: 1_000, atATime: 8, overPeer: 4 },
    ask: (client, nth) => client.apply(`a-${nth % 100}`, `${nth}`),
  },
  {
    ...{ name: 'list', requests: 16, atATime: 1, overPeer: 2 },
    ask: (client) => client.list(500),
  },
];

/** Requests per second of this process's CPU time: what the API server and the network take does not count. */
async function perCpuSecond(
  client: Client,
  { requests: all, atATime, ask }: Workload,
): Promise<number> {
  const requests = Math.ceil(all * client.share);
  let next = 0;
  const before = process.cpuUsage();
  const worker = async () => {
    while (next < requests) await ask(client, next++);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  const { user, system } = process.cpuUsage(before);
  return requests / ((user + system) / 1e6);
}

/** 2 KB that compress about as well as specs of pods do. */
function contents(nth: number): string {
  return Array.from({ length: 25 }, (_, at) => `field-${at}: ${hash('md5', `${nth} ${at}`)}`)
    .concat('image: registry.example.com/shop/trainer:1.2.3\n'.repeat(16))
    .join('\n');
}

function geometricMean(values: number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** What each client reached in each round, by workload; interleaved, so that what slows the machine down slows all. */
async function measure(clients: Client[], rounds: number): Promise<Measured> {
  const measured = new Map<string, number[]>();
  // The first round only warms up: connections, compiled code, the API server's caches.
  for (let round = 0; round <= rounds; round++)
    for (const workload of workloads)
      for (const client of clients) {
        if (client.onlyLists && workload.name !== 'list') continue;
        const figure = await perCpuSecond(client, workload);
        const key = `${workload.name} ${client.name}`;
        if (round > 0) measured.set(key, [...(measured.get(key) ?? []), figure]);
      }
  return (workload, client) => measured.get(`${workload} ${client.name}`) ?? [];
}

type Measured = (workload: string, client: Client) => number[];
type Syncs = Awaited<ReturnType<typeof syncs>>;
interface Clients {
  http1: Client;
  http2: Client;
  peer: Client;
  zipped: Client;
}

function tables(measured: Measured, clients: Client[], synced: Syncs): string {
  const rows = workloads.flatMap(({ name }) =>
    clients
      .filter((client) => measured(name, client).length > 0)
      .map((client) => [name, client.name, median(measured(name, client)).toFixed(0)]),
  );
  const syncRows = ways.map((way) => {
    const { cpuMs, peakRssMiB } = synced[way];
    return [way, cpuMs.toFixed(0), peakRssMiB.toFixed(0)];
  });
  const title = `a cache of ${objects} objects`;
  return [
    table([['request', 'client', 'requests per CPU second'], ...rows]),
    table([[title, 'CPU ms of its process', 'peak RSS, MiB'], ...syncRows]),
  ].join('\n');
}

function figuresOf(measured: Measured, { http1, http2, peer, zipped }: Clients, synced: Syncs) {
  const ratio = (workload: string, one: Client, other: Client) => {
    const others = measured(workload, other);
    return median(
      measured(workload, one).map((each, round) => each / (others[round] ?? Number.NaN)),
    );
  };
  const times = (name: string, says: string, value: number, atLeast?: number): Figure => ({
    ...{ name, says, value, unit: '×' },
    ...(atLeast === undefined ? {} : { atLeast }),
  });
  const protocols = workloads.map(({ name }) => ({ name, value: ratio(name, http1, http2) }));
  const memory = synced.stream.peakRssMiB;
  return [
    ...workloads.map(({ name, overPeer }) =>
      times(
        `${name}OverClientNode`,
        `${name}: ours / client-node`,
        ratio(name, http1, peer),
        overPeer,
      ),
    ),
    ...protocols.map(({ name, value }) =>
      times(`${name}Http1OverHttp2`, `${name}: HTTP/1.1 / HTTP/2`, value),
    ),
    // What decides: of single requests one may be as good as the other.
    times(
      'http1OverHttp2',
      'all: HTTP/1.1 / HTTP/2',
      geometricMean(protocols.map(({ value }) => value)),
      1,
    ),
    times('listPlainOverGzip', 'list: plain / gzip', ratio('list', http1, zipped), 1),
    times(
      'syncMemoryOfClientNode',
      'memory to fill a cache: client-node / ours',
      synced['client-node'].peakRssMiB / memory,
      1,
    ),
    times(
      'syncMemoryOfPages',
      'memory to fill a cache: pages / stream',
      synced.pages.peakRssMiB / memory,
    ),
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help)
    return void process.stdout.write(
      "usage: make bench-transport ARGS='[--rounds 5]'\n  --rounds N  how often each is measured, after a round that warms up (default 5)\n",
    );
  const rounds = count('--rounds', values.rounds);
  const plane = await startControlPlane();
  try {
    const connection = await kubeconfigConnection([plane.kubeconfig]);
    const clients: Clients = {
      http1: ours(connection, false),
      http2: ours(connection, true),
      peer: await clientNode(plane.kubeconfig),
      zipped: compressed(connection),
    };
    const all = Object.values(clients);
    for (let at = 0; at < objects; at += 50) {
      const fifty = Array.from({ length: 50 }, (_, nth) => at + nth);
      await Promise.all(fifty.map((nth) => clients.http1.apply(`c-${nth}`, contents(nth))));
    }
    const measured = await measure(all, rounds);
    await Promise.all(all.map((client) => client.close()));
    const synced = await syncs(plane.kubeconfig, Math.min(rounds, 3));

    const figures = figuresOf(measured, clients, synced);
    process.stdout.write(`${tables(measured, all, synced)}\n`);
    tellReport('bench-transport', figures);
  } finally {
    await plane.stop();
  }
}

/** Each way in processes of its own, one after the other. */
async function syncs(kubeconfig: string, rounds: number) {
  const script = fileURLToPath(new URL('sync.ts', import.meta.url));
  const all = Object.fromEntries(ways.map((way) => [way, [] as Synced[]]));
  for (let round = 0; round < rounds; round++)
    for (const way of ways) {
      const { stdout } = await promisify(execFile)(process.execPath, [script, kubeconfig, way]);
      const said = JSON.parse(stdout) as Synced;
      if (said.objects < objects) throw new Error(`${way} has ${said.objects} of ${objects}.`);
      all[way]?.push(said);
    }
  const of = (way: string) => ({
    cpuMs: median((all[way] ?? []).map(({ cpuMs }) => cpuMs)),
    peakRssMiB: median((all[way] ?? []).map(({ peakRssMiB }) => peakRssMiB)),
  });
  return { stream: of('stream'), pages: of('pages'), 'client-node': of('client-node') };
}

await main().catch((error: Error) => {
  process.stderr.write(`bench-transport: ${error.message}\n`);
  process.exitCode = 1;
});
