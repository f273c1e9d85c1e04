/** For tests: operators as real processes that share a Lease, each behind a proxy that sees, and can hold, what it asks for. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { freePorts } from '../hack/cluster/free-ports.ts';
import { waitFor } from '../hack/process/wait.ts';
import { type RequestInfo, requestInfo } from './kube/request-info.ts';

/** A request that is no read, as it came by. Renewals of the Lease are not among them, nor are events. */
export interface Write extends RequestInfo {
  /** performance.now() of its arrival. */
  at: number;
}

/** What may happen at a write: awaited before it is passed on, or before its answer is. */
export type AtWrite = (write: Write, nth: number) => Promise<void> | undefined;

export interface PlayedOperator {
  name: string;
  child: ChildProcess;
  writes: Write[];
  log: string[];
  /** Settles when the process has ended: its exit code, or null after a signal. */
  ended: Promise<number | null>;
  leads(): Promise<boolean>;
  isReady(): Promise<boolean>;
  before?: AtWrite | undefined;
  after?: AtWrite | undefined;
  stop(): Promise<void>;
}

export async function startPlayedOperator(
  name: string,
  /** With the operator's token; its server is where the proxy passes things on to. */
  kubeconfig: string,
): Promise<PlayedOperator> {
  const config = parse(await readFile(kubeconfig, 'utf8'));
  const { cluster } = config.clusters[0];
  const upstream = new URL(cluster.server);
  const ca = await certificate(cluster, kubeconfig);
  const agent = new Agent({ keepAlive: true, ca });
  const proxy = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const body = await text(incoming);
    const info = requestInfo(method, url.split('?')[0] ?? url);
    const counts = method !== 'GET' && !/^(leases|events)\./.test(info.resource);
    const write: Write = { ...info, at: performance.now() };
    const nth = counts ? operator.writes.push(write) : 0;
    if (counts) await operator.before?.(write, nth);
    const options = { method, agent, headers: { ...headers, host: upstream.host } };
    const asked = httpsRequest(new URL(url, upstream), options, async (answer) => {
      if (counts) await operator.after?.(write, nth);
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on('error', () => outgoing.destroy());
    if (method === 'GET') outgoing.on('close', () => asked.destroy());
    asked.end(body);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  const server = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const through = join(dirname(kubeconfig), `${name}.kubeconfig`);
  // The library that reads the file takes plain HTTP only from who says that he knows.
  const clusters = [
    { name: config.clusters[0].name, cluster: { server, 'insecure-skip-tls-verify': true } },
  ];
  await writeFile(through, JSON.stringify({ ...config, clusters }), { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  const program = new URL('main.ts', import.meta.url).pathname;
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, program], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: '/usr/bin:/bin',
      KUBECONFIG: through,
      TRAINER_IMAGE: 'r/trainer:1',
      SNAPSHOT_IMAGE: 'r/snapshot:1',
      INFERENCE_IMAGE: 'r/inference:1',
      PORT: String(port),
      POD_NAME: name,
      LEADER_ELECTION: 'true',
      LEASE_NAMESPACE: 'default',
    },
  });
  const log: string[] = [];
  child.stderr
    .setEncoding('utf8')
    .on('data', (more: string) => log.push(...more.trim().split('\n')));
  const page = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  const operator: PlayedOperator = {
    name,
    child,
    writes: [],
    log,
    ended: once(child, 'close').then(([code]) => code as number | null),
    leads: async () => /^shelfwise_operator_leader 1$/m.test(await (await page('/metrics')).text()),
    isReady: async () => (await page('/readyz')).ok,
    async stop() {
      child.kill('SIGKILL');
      await operator.ended;
      proxy.close();
      proxy.closeAllConnections();
      agent.destroy();
    },
  };
  await waitFor(async () => (await operator.isReady()) || undefined, {
    what: `${name} to be ready`,
    limitMs: 60_000,
    hopeless: () => (child.exitCode === null ? undefined : `${name} ended: ${log.join('\n')}`),
  }).catch(async (error) => {
    await operator.stop();
    throw error;
  });
  return operator;
}

function certificate(
  cluster: { 'certificate-authority-data'?: string; 'certificate-authority'?: string },
  kubeconfig: string,
): Promise<Buffer> | Buffer {
  const { 'certificate-authority-data': data, 'certificate-authority': file } = cluster;
  if (data !== undefined) return Buffer.from(data, 'base64');
  if (file !== undefined) return readFile(join(dirname(kubeconfig), file));
  throw new Error(`${kubeconfig} has no certificate of its cluster.`);
}
