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
  cluster: { inside: { host: string; port: string } } | { kubeconfig: string[] };
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
  KUBECONFIG: z.string().optional(),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  KUBERNETES_SERVICE_PORT: z.string().default('443'),
});

/** Throws one sentence that names every variable that is missing or wrong. */
export function readConfig(from: Record<string, string | undefined>): Config {
  // An empty variable is what a template leaves behind for "not set".
  const set = Object.fromEntries(Object.entries(from).filter(([, value]) => value !== ''));
  const result = environment.safeParse(set);
  if (!result.success) {
    // Of a list, its variable is named: which of its entries is wrong, people see.
    const faults = result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
    throw new Error(`The environment is not complete: ${faults.join('; ')}.`);
  }
  const env = result.data;
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
    cluster: cluster(env),
  };
}

/** As kubectl: KUBECONFIG first, else the pod's own ServiceAccount, else the file in the home directory. */
function cluster({
  KUBECONFIG,
  KUBERNETES_SERVICE_HOST,
  KUBERNETES_SERVICE_PORT,
}: z.infer<typeof environment>): Config['cluster'] {
  if (KUBECONFIG !== undefined)
    return { kubeconfig: KUBECONFIG.split(':').filter((path) => path !== '') };
  if (KUBERNETES_SERVICE_HOST !== undefined) {
    return { inside: { host: KUBERNETES_SERVICE_HOST, port: KUBERNETES_SERVICE_PORT } };
  }
  return { kubeconfig: [join(homedir(), '.kube', 'config')] };
}
