import { dirname, join } from 'node:path';
import { kubeconfigConnection } from '../../operator/kube/connection.ts';
import { createTransport, type Transport } from '../../operator/kube/transport.ts';
import { installCrd, mountAccount } from '../../operator/played-cluster.ts';
import { type AuditedRequest, auditedRequests } from '../cluster/audit.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { startKwok } from '../cluster/kwok.ts';
import {
  type OperatorProcess,
  startOperatorProcess,
} from '../operator-process/operator-process.ts';

/** Who asked, as the API server knows them: each controller of Kubernetes has an account of its own. */
export const accounts = {
  operator: 'system:serviceaccount:default:operator',
  cronJobController: 'system:serviceaccount:kube-system:cronjob-controller',
} as const;

/** A real control plane with played nodes, made for load. */
export interface Environment {
  plane: ControlPlane;
  /** Of an administrator, for the load and the looks at it. */
  admin: Transport;
  startOperator(name: string, environment?: Record<string, string>): Promise<OperatorProcess>;
  /** Requests of an account since then, as the API server recorded them. */
  requestsOf(account: keyof typeof accounts, since: Date): Promise<AuditedRequest[]>;
  stop(): Promise<void>;
}

// What Kubernetes' own controllers are held to by default (20 requests a second) would be the load's speed, not ours.
const fast = ['--kube-api-qps=2000', '--kube-api-burst=4000'];
const many = 20;
/** Each has room for 10,000 pods, as kwok's nodes have. */
const nodes = 2;

export async function startEnvironment(): Promise<Environment> {
  const plane = await startControlPlane({
    schedulers: true,
    audit: { users: Object.values(accounts) },
    arguments: {
      'kube-apiserver': ['--max-requests-inflight=1000', '--max-mutating-requests-inflight=500'],
      'kube-controller-manager': [
        ...fast,
        ...['deployment', 'replicaset', 'job', 'cron-job'].map(
          (kind) => `--concurrent-${kind}-syncs=${many}`,
        ),
      ],
      'kube-scheduler': fast,
    },
  });
  const directory = dirname(plane.kubeconfig);
  const admin = createTransport({
    connection: await kubeconfigConnection([plane.kubeconfig]),
    userAgent: 'bench-operator',
    // The load is to come at once.
    rateLimit: false,
  });
  const operators: OperatorProcess[] = [];
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(stops.map((each) => each()));
    await Promise.all(operators.map((operator) => operator.signal('SIGKILL')));
    await admin.close();
    await plane.stop();
  };
  try {
    await installCrd(admin);
    const kwok = await startKwok({ kubeconfig: plane.kubeconfig, nodes, gpusPerNode: 1000 });
    stops.push(kwok.stop);
    return {
      plane,
      admin,
      stop,
      async startOperator(name, environment = {}) {
        const account = join(directory, `account-of-${name}`);
        const token = await mountAccount(plane, admin, account);
        const operator = await startOperatorProcess({
          token,
          server: plane.url,
          account,
          directory,
          name,
          environment,
        });
        operators.push(operator);
        return operator;
      },
      async requestsOf(account, since) {
        const all = await auditedRequests(plane.auditLog, since);
        return all.filter(({ user }) => user === accounts[account]);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
