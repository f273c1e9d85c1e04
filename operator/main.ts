/** The operator's program: reads its settings, connects, and works until SIGTERM. */
import { readFileSync } from 'node:fs';
import { destination, pino } from 'pino';
import { type Config, readConfig } from './config.ts';
import { type Connection, inClusterConnection, kubeconfigConnection } from './kube/connection.ts';
import { LeaseLost } from './kube/leader-election.ts';
import { startOperator } from './operator.ts';

/** Synchronous: the last words before an exit are the ones that matter. */
const stderr = destination({ dest: 2, sync: true });
const bootLog = pino({ base: null }, stderr);

function connect({ cluster }: Config): Promise<Connection> | Connection {
  return 'inside' in cluster
    ? inClusterConnection(cluster.inside)
    : kubeconfigConnection(cluster.kubeconfig);
}

async function main(): Promise<void> {
  const asked = toStop();
  const config = readConfig(process.env);
  const log = pino(
    { base: null, level: config.logLevel, timestamp: pino.stdTimeFunctions.isoTime },
    stderr,
  );
  const { version } = JSON.parse(
    readFileSync(new URL('package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const connection = await connect(config);
  log.info({ version, server: connection.server, images: config.images }, 'Starting');
  const operator = await startOperator({
    config,
    namespaces: config.namespaces,
    connection,
    version,
    log,
  });
  const signal = await Promise.race([asked, operator.ended]);
  log.info({ signal }, 'Stopping: what has begun is finished, nothing more is begun');
  await operator.stop();
}

/** The kubelet's request, or that of a person at a keyboard. Later ones change nothing. */
function toStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  });
}

/** A state that nobody foresaw is left by a new start, not worked on in. So is a lost Lease, which is no bug: a sentence will do. */
function die(error: unknown): void {
  if (error instanceof LeaseLost) bootLog.fatal(error.message);
  else bootLog.fatal({ err: error }, error instanceof Error ? error.message : String(error));
  process.exit(1);
}

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
main().catch(die);
