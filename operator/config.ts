import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** What the operator takes from its environment. Nothing else in operator/ reads it. */
export interface Config {
  /** Used by every ModelRelease that names no image of its own. */
  images: { trainer: string; snapshot: string; inference: string };
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Of /metrics, /healthz and /readyz. */
  port: number;
  /** Where it looks for ModelReleases; empty: in all namespaces. */
  namespaces: string[];
  /** The operator's own pod, as it appears in events. */
  pod: string;
  /** Of the operators of this Lease one leads, the others stand by; undefined: this one is alone, and knows it. */
  leaderElection: LeaderElectionConfig | undefined;
  cluster:
    | { inside: { host: string; port: string; directory?: string } }
    | { kubeconfig: string[] };
}

export interface LeaderElectionConfig extends LeaderElectionTimes {
  namespace: string;
  name: string;
  /** By which a container that was started anew knows that the holder was its predecessor in the same pod. */
  podUid: string | undefined;
}

export interface LeaderElectionTimes {
  /** Others wait so long after the last renewal that they saw. */
  leaseDurationSeconds: number;
  /** Within which after its last renewal the leader has to renew, or it leads no more. */
  renewDeadlineSeconds: number;
  /** Between renewals, and between two looks of those who stand by. */
  retryPeriodSeconds: number;
}

const image = z
  .string('is not set; it is a reference to a container image')
  .regex(/^\S+$/, 'is not a reference to a container image');

/** A list as people write it: spaces around its names and a comma at its end mean nothing. */
const namespaces = z
  .string()
  .default('')
  .transform((text) => [
    ...new Set(
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  ])
  .pipe(
    z.array(
      z
        .string()
        .regex(
          /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
          'must be names of namespaces, separated by commas',
        ),
    ),
  );

const seconds = z.coerce.number('must be a number of seconds').positive('must be more than 0');

const environment = z.object({
  TRAINER_IMAGE: image,
  SNAPSHOT_IMAGE: image,
  INFERENCE_IMAGE: image,
  IMAGE_PULL_POLICY: z
    .enum(['Always', 'IfNotPresent', 'Never'], 'must be Always, IfNotPresent or Never')
    .default('IfNotPresent'),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    )
    .default('info'),
  PORT: z.coerce
    .number('must be a port number')
    .int('must be a port number')
    .min(0)
    .max(65_535)
    .default(8080),
  WATCH_NAMESPACES: namespaces,
  POD_NAME: z.string().default('shelfwise-operator'),
  POD_UID: z.string().optional(),
  POD_NAMESPACE: z.string().optional(),
  LEADER_ELECTION: z.enum(['true', 'false'], 'must be true or false').optional(),
  LEASE_NAMESPACE: z.string().optional(),
  LEASE_NAME: z.string().default('shelfwise-operator'),
  // As those of Kubernetes' own controllers. The Lease itself counts in whole seconds.
  LEASE_DURATION_SECONDS: seconds.int('must be a whole number of seconds').default(15),
  LEASE_RENEW_DEADLINE_SECONDS: seconds.default(10),
  LEASE_RETRY_PERIOD_SECONDS: seconds.default(2),
  KUBECONFIG: z.string().optional(),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  KUBERNETES_SERVICE_PORT: z.string().default('443'),
  // Where the kubelet mounts token and ca.crt, if not at the usual place.
  SERVICE_ACCOUNT_DIR: z.string().optional(),
});

/** Throws one sentence that names every variable that is missing or wrong. */
export function readConfig(from: Record<string, string | undefined>): Config {
  // An empty variable is what a template leaves behind for "not set".
  const set = Object.fromEntries(Object.entries(from).filter(([, value]) => value !== ''));
  const result = environment.safeParse(set);
  if (!result.success) {
    // Of a list, its variable is named: which of its entries is wrong, people see.
    const faults = result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
    throw incomplete(faults);
  }
  const env = result.data;
  const where = cluster(env);
  return {
    images: {
      trainer: env.TRAINER_IMAGE,
      snapshot: env.SNAPSHOT_IMAGE,
      inference: env.INFERENCE_IMAGE,
    },
    imagePullPolicy: env.IMAGE_PULL_POLICY,
    logLevel: env.LOG_LEVEL,
    port: env.PORT,
    namespaces: env.WATCH_NAMESPACES,
    pod: env.POD_NAME,
    leaderElection: leaderElection(env, 'inside' in where),
    cluster: where,
  };
}

function incomplete(faults: string[]): Error {
  return new Error(`The environment is not complete: ${faults.join('; ')}.`);
}

/** In a cluster there may be a second one, if only for the minute of an upgrade; who starts one by hand says so. */
function leaderElection(
  env: z.infer<typeof environment>,
  insideCluster: boolean,
): LeaderElectionConfig | undefined {
  if (!(env.LEADER_ELECTION ? env.LEADER_ELECTION === 'true' : insideCluster)) return undefined;
  const namespace = env.LEASE_NAMESPACE ?? env.POD_NAMESPACE;
  const times = {
    leaseDurationSeconds: env.LEASE_DURATION_SECONDS,
    renewDeadlineSeconds: env.LEASE_RENEW_DEADLINE_SECONDS,
    retryPeriodSeconds: env.LEASE_RETRY_PERIOD_SECONDS,
  };
  const faults = faultsOf(times);
  if (namespace === undefined)
    faults.unshift(
      'LEASE_NAMESPACE is not set, nor is POD_NAMESPACE; it is the namespace of the Lease by which operators agree who leads, and LEADER_ELECTION=false does without',
    );
  if (namespace === undefined || faults.length > 0) throw incomplete(faults);
  return { namespace, name: env.LEASE_NAME, podUid: env.POD_UID, ...times };
}

/** The leader stops before others may take over, and has time for more than one try to renew. */
function faultsOf(times: LeaderElectionTimes): string[] {
  const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = times;
  return [
    ...(renewDeadlineSeconds < leaseDurationSeconds
      ? []
      : ['LEASE_RENEW_DEADLINE_SECONDS must be less than LEASE_DURATION_SECONDS']),
    ...(retryPeriodSeconds * 2 <= renewDeadlineSeconds
      ? []
      : ['LEASE_RETRY_PERIOD_SECONDS must be at most half of LEASE_RENEW_DEADLINE_SECONDS']),
  ];
}

/** As kubectl: KUBECONFIG first, else the pod's own ServiceAccount, else the file in the home directory. */
function cluster({
  KUBECONFIG,
  KUBERNETES_SERVICE_HOST,
  KUBERNETES_SERVICE_PORT,
  SERVICE_ACCOUNT_DIR,
}: z.infer<typeof environment>): Config['cluster'] {
  if (KUBECONFIG !== undefined)
    return { kubeconfig: KUBECONFIG.split(':').filter((path) => path !== '') };
  if (KUBERNETES_SERVICE_HOST !== undefined) {
    const where = { host: KUBERNETES_SERVICE_HOST, port: KUBERNETES_SERVICE_PORT };
    const directory = SERVICE_ACCOUNT_DIR;
    return { inside: directory === undefined ? where : { ...where, directory } };
  }
  return { kubeconfig: [join(homedir(), '.kube', 'config')] };
}
