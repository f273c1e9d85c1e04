import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { LeaderElectionConfig } from './config.ts';
import type { ApiError } from './kube/api-error.ts';
import type { Connection } from './kube/connection.ts';
import { createLeaderElection, podIdentity } from './kube/leader-election.ts';
import { createTransport, type Exchange } from './kube/transport.ts';

/** Whether this operator may write, and since when. */
export interface Leadership {
  /** For the transport of everything that an operator writes. */
  guard?: () => void;
  /** Fulfilled when it leads; at once, where it is the only one. */
  elected: Promise<void>;
  /** Takes part until the signal aborts, then lets others lead; rejects with LeaseLost. */
  run(signal: AbortSignal): Promise<void>;
  /** Writes nothing more, and leaves others to wait: something that was begun may still be under way. */
  abandon(): void;
  /** What keeps it from ever leading, in words; empty where nothing does. */
  missing(): string[];
  /** Ends its connection. */
  close(): Promise<void>;
}

export interface LeadershipOptions {
  /** undefined: it is alone. */
  election: LeaderElectionConfig | undefined;
  pod: string;
  connection: Connection;
  userAgent: string;
  registry: Registry;
  log: Pick<Logger, 'info' | 'warn'>;
  observe: (exchange: Exchange) => void;
}

export function createLeadership(options: LeadershipOptions): Leadership {
  const { election, log, connection, userAgent, observe } = options;
  if (!election) return alone(options);
  const { namespace, name, podUid } = election;
  const retryPeriodMs = election.retryPeriodSeconds * 1000;
  // Of its own, so that no flood of other requests is in its way.
  const transport = createTransport({
    connection,
    userAgent,
    observe,
    retries: { attempts: 1, baseDelayMs: 0, maximumDelayMs: 0, maximumRetryAfterMs: 0 },
  });
  const identity = podIdentity(options.pod, podUid);
  const lease = { lease: `${namespace}/${name}`, identity: identity.holder };
  let failure: ApiError | undefined;
  const elected = createLeaderElection({
    transport,
    namespace,
    name,
    identity,
    retryPeriodMs,
    leaseDurationMs: election.leaseDurationSeconds * 1000,
    renewDeadlineMs: election.renewDeadlineSeconds * 1000,
    onFailure(error) {
      // Tried again every few seconds: the same words once.
      if (error.message !== failure?.message)
        log.warn({ ...lease, reason: error.reason }, error.message);
      failure = error;
    },
    onLeader(holder) {
      failure = undefined;
      if (holder === identity.holder) log.info(lease, 'Leading');
      else if (holder !== '') log.info({ ...lease, leader: holder }, 'Standing by');
    },
  });
  expose(options.registry, elected.leads);
  return {
    guard: elected.guard,
    elected: elected.elected,
    run: elected.run,
    abandon: elected.abandon,
    missing: () =>
      elected.hasLooked()
        ? []
        : [`the Lease ${lease.lease}${failure ? ` (${failure.message})` : ''}`],
    close: transport.close,
  };
}

function alone({ registry }: LeadershipOptions): Leadership {
  expose(registry, () => true);
  return {
    elected: Promise.resolve(),
    run: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    abandon: () => undefined,
    missing: () => [],
    close: async () => undefined,
  };
}

/** Of all operators together 1; an alert on 0 for longer than a minute finds a Lease that nobody can take. */
function expose(registry: Registry, leads: () => boolean): void {
  const gauge = new Gauge({
    name: 'shelfwise_operator_leader',
    help: '1 while this operator leads, 0 while it stands by.',
    registers: [registry],
    collect() {
      gauge.set(leads() ? 1 : 0);
    },
  });
}
