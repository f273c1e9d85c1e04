import { tmpdir } from 'node:os';
import { readEnvironment, StepError, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { defaultWorkers } from '@shelfwise/trainer-contract/cpu-quota';
import * as z from 'zod';
import type { OidcSettings } from './auth/oidc.ts';
import { issuerUrl, oidcRoles, serviceAccountRoles, trustedProxies } from './auth/settings.ts';
import type { InferenceConfig } from './step.ts';

/** Where the kubelet mounts a pod's own ServiceAccount. */
const serviceAccountDir = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A service is small: on a node of 64 cores it needs a quota, not 64 models in memory. */
const mostWithoutQuota = 4;

const milliseconds = z.coerce.number().int().min(0).max(600_000);
const path = z.string().startsWith('/', { error: 'must be an absolute path' });

const environment = z.object({
  SCRATCH_DIR: z.string().default(tmpdir()),
  PREDICT_WORKERS: z.coerce.number().int().min(1).max(256).optional(),
  /** A page of a shop waits no longer for a category; later, the caller had better go on without. */
  PREDICT_DEADLINE_MS: milliseconds.min(1).default(2_000),
  SHUTDOWN_DELAY_MS: milliseconds.default(5_000),
  DATABASE_URL_FILE: path.optional(),
  TOKEN_KEYS_DIR: path.optional(),
  ADMIN_CREDENTIALS_DIR: path.optional(),
  SERVICE_ACCOUNT_NAMESPACES: z.string().optional(),
  SERVICE_ACCOUNT_ROLES: serviceAccountRoles.default([]),
  TRUSTED_PROXIES: trustedProxies.default([]),
  OIDC_ISSUER: issuerUrl.optional(),
  OIDC_AUDIENCE: z.string().default('shelfwise'),
  OIDC_ROLES_CLAIM: z.string().default('roles'),
  OIDC_ROLES: oidcRoles.default({}),
  OIDC_CA_FILE: path.optional(),
  POD_NAMESPACE: z.string().optional(),
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  KUBERNETES_SERVICE_PORT: z.coerce.number().int().min(1).max(65_535).default(443),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

type Seen = z.output<typeof environment>;

/** The program's environment as data. Throws BadConfiguration naming the variable. */
export function readConfig(env: NodeJS.ProcessEnv): InferenceConfig {
  const seen = readEnvironment(environment, env);
  if (seen.DATABASE_URL_FILE && !seen.TOKEN_KEYS_DIR && !othersMayCall(seen)) {
    throw new StepError(
      'BadConfiguration',
      'DATABASE_URL_FILE is set but TOKEN_KEYS_DIR is not: accounts need a folder of ES256 keys that sign their tokens (or OIDC_ISSUER, where callers come from an issuer).',
    );
  }
  if (seen.ADMIN_CREDENTIALS_DIR && !seen.DATABASE_URL_FILE) {
    throw new StepError(
      'BadConfiguration',
      'ADMIN_CREDENTIALS_DIR is set but DATABASE_URL_FILE is not: the first admin needs a database of accounts.',
    );
  }
  return {
    store: storeSettingsFromEnv(env),
    scratchDir: seen.SCRATCH_DIR,
    workers: seen.PREDICT_WORKERS ?? defaultWorkers(mostWithoutQuota),
    databaseUrlFile: seen.DATABASE_URL_FILE,
    tokenKeysDir: seen.TOKEN_KEYS_DIR,
    adminCredentialsDir: seen.ADMIN_CREDENTIALS_DIR,
    serviceAccountNamespaces: namespacesOf(seen.SERVICE_ACCOUNT_NAMESPACES ?? seen.POD_NAMESPACE),
    serviceAccounts: seen.SERVICE_ACCOUNT_ROLES,
    trustedProxies: seen.TRUSTED_PROXIES,
    oidc: seen.OIDC_ISSUER === undefined ? undefined : oidcOf(seen, seen.OIDC_ISSUER),
    apiserver: seen.KUBERNETES_SERVICE_HOST
      ? apiserverAt(seen.KUBERNETES_SERVICE_HOST, seen.KUBERNETES_SERVICE_PORT)
      : undefined,
    shutdownDelayMs: seen.SHUTDOWN_DELAY_MS,
    predictDeadlineMs: seen.PREDICT_DEADLINE_MS,
    logLevel: seen.LOG_LEVEL,
  };
}

/** A database alone is of use where someone else vouches for those who keep the catalogue. */
function othersMayCall({ OIDC_ISSUER, SERVICE_ACCOUNT_ROLES }: Seen): boolean {
  return OIDC_ISSUER !== undefined || SERVICE_ACCOUNT_ROLES.length > 0;
}

function oidcOf(seen: Seen, issuer: string): OidcSettings {
  return {
    issuer,
    audience: seen.OIDC_AUDIENCE,
    rolesClaim: seen.OIDC_ROLES_CLAIM,
    roles: seen.OIDC_ROLES,
    caFile: seen.OIDC_CA_FILE,
  };
}

function namespacesOf(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

function apiserverAt(host: string, port: number) {
  // An IPv6 address stands in brackets in a URL.
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `https://${name}:${port}`,
    caFile: `${serviceAccountDir}/ca.crt`,
    tokenFile: `${serviceAccountDir}/token`,
  };
}
