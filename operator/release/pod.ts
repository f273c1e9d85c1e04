/** What the pods of the three steps and the serving pods have in common. */
import type {
  Container,
  EnvironmentVariable,
  PodSpec,
  Volume,
  VolumeMount,
} from '../api/kubernetes.ts';
import type { ModelRelease, ModelReleaseSpec } from '../api/model-release.ts';
import { keyOf } from '../kube/object.ts';
import { type Resources, withoutEmpty } from './resources.ts';

type Oidc = NonNullable<ModelReleaseSpec['serving']['auth']['oidc']>;
type Mlflow = NonNullable<ModelReleaseSpec['training']['tracking']>['mlflow'];

const root = '/var/run/shelfwise';
const scratch = '/scratch';
const terminationLog = '/dev/termination-log';

/** A volume with where it is mounted and what tells the program so. */
export interface Part {
  volumes: Volume[];
  mounts: VolumeMount[];
  environment: EnvironmentVariable[];
}

export function joinParts(parts: Part[]): Part {
  return {
    volumes: parts.flatMap((part) => part.volumes),
    mounts: parts.flatMap((part) => part.mounts),
    environment: parts.flatMap((part) => part.environment),
  };
}

/** A Secret as read-only files, which the kubelet renews when the Secret changes. */
export function secretPart(
  name: string,
  secret: string,
  directory: string,
  environment: EnvironmentVariable[],
  items?: { key: string; path: string }[],
): Part {
  return {
    volumes: [{ name, secret: { secretName: secret, ...(items ? { items } : {}) } }],
    mounts: [{ name, mountPath: directory, readOnly: true }],
    environment,
  };
}

/** How a pod reaches the store: location by environment, credentials and certificates by files. */
export function storePart({ s3 }: ModelReleaseSpec['store']): Part {
  const location: EnvironmentVariable[] = [
    { name: 'AWS_REGION', value: s3.region },
    ...(s3.endpoint === undefined ? [] : [{ name: 'AWS_ENDPOINT_URL_S3', value: s3.endpoint }]),
    { name: 'S3_FORCE_PATH_STYLE', value: String(s3.forcePathStyle) },
  ];
  const parts: Part[] = [{ volumes: [], mounts: [], environment: location }];
  if (s3.caSecret) {
    const file = { name: 'S3_CA_FILE', value: `${root}/s3-ca/ca.crt` };
    parts.push(secretPart('s3-ca', s3.caSecret.name, `${root}/s3-ca`, [file]));
  }
  if (s3.credentialsSecret) {
    const directory = { name: 'S3_CREDENTIALS_DIR', value: `${root}/s3` };
    parts.push(secretPart('s3', s3.credentialsSecret.name, `${root}/s3`, [directory]));
  }
  return joinParts(parts);
}

/** A database's URL as a file. */
export function databasePart({ name, key }: { name: string; key: string }): Part {
  const file = { name: 'DATABASE_URL_FILE', value: `${root}/database/url` };
  return secretPart('database', name, `${root}/database`, [file], [{ key, path: 'url' }]);
}

export function tokenKeysPart(secret: string): Part {
  const directory = { name: 'TOKEN_KEYS_DIR', value: `${root}/token-keys` };
  return secretPart('token-keys', secret, `${root}/token-keys`, [directory]);
}

export function adminPart(secret: string): Part {
  const directory = { name: 'ADMIN_CREDENTIALS_DIR', value: `${root}/admin` };
  return secretPart('admin', secret, `${root}/admin`, [directory]);
}

/** The OpenID Connect issuer that vouches for callers. */
export function oidcPart({ issuer, audience, rolesClaim, roles, caSecret }: Oidc): Part {
  const environment: EnvironmentVariable[] = [
    { name: 'OIDC_ISSUER', value: issuer },
    { name: 'OIDC_AUDIENCE', value: audience },
    { name: 'OIDC_ROLES_CLAIM', value: rolesClaim },
    { name: 'OIDC_ROLES', value: JSON.stringify(roles) },
  ];
  if (!caSecret) return { volumes: [], mounts: [], environment };
  const file = { name: 'OIDC_CA_FILE', value: `${root}/oidc-ca/ca.crt` };
  return secretPart('oidc-ca', caSecret.name, `${root}/oidc-ca`, [...environment, file]);
}

/** Where train tells of itself: the server's address by environment, credentials and certificates by files. */
export function mlflowPart({ uri, experiment, secret }: Mlflow, { metadata }: ModelRelease): Part {
  const server: EnvironmentVariable[] = [
    { name: 'MLFLOW_TRACKING_URI', value: uri },
    { name: 'MLFLOW_EXPERIMENT_NAME', value: experiment ?? keyOf(metadata) },
  ];
  if (!secret) return { volumes: [], mounts: [], environment: server };
  const directory = { name: 'MLFLOW_CREDENTIALS_DIR', value: `${root}/mlflow` };
  return secretPart('mlflow', secret.name, `${root}/mlflow`, [...server, directory]);
}

/** The only place where a container may write: its root file system is read-only. */
export function scratchPart(sizeLimit: string): Part {
  return {
    volumes: [{ name: 'scratch', emptyDir: { sizeLimit } }],
    mounts: [{ name: 'scratch', mountPath: scratch }],
    environment: [
      { name: 'SCRATCH_DIR', value: scratch },
      { name: 'TMPDIR', value: scratch },
      { name: 'HOME', value: scratch },
    ],
  };
}

/** The root of a ModelRelease's own keys. */
export function storeUrl(spec: ModelReleaseSpec, { metadata }: ModelRelease): string {
  const { bucket, prefix } = spec.store.s3;
  const parts = [bucket, prefix, metadata.namespace, metadata.name];
  return `s3://${parts.filter((part) => part).join('/')}`;
}

/** A folder of the store's bucket outside of it: where products come from. */
export function bucketUrl(spec: ModelReleaseSpec, prefix: string): string {
  return `s3://${[spec.store.s3.bucket, prefix].filter((part) => part).join('/')}`;
}

/** A container as the restricted Pod Security Standard wants it. */
export function container(
  name: string,
  {
    image,
    pullPolicy,
    args,
    resources,
    part,
  }: {
    image: string;
    pullPolicy: NonNullable<Container['imagePullPolicy']>;
    args: string[];
    resources: Resources;
    part: Part;
  },
): Container {
  return {
    name,
    image,
    imagePullPolicy: pullPolicy,
    args,
    env: [{ name: 'TERMINATION_MESSAGE_PATH', value: terminationLog }, ...part.environment],
    resources: withoutEmpty(resources),
    volumeMounts: part.mounts,
    terminationMessagePath: terminationLog,
    // What crashes without a message leaves its last log lines instead.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

/** Where pods may run, as the spec says for training or for serving. */
export interface Placement {
  nodeSelector: Record<string, string>;
  tolerations: NonNullable<ModelReleaseSpec['serving']['tolerations']>;
  affinity?: ModelReleaseSpec['serving']['affinity'];
}

/** What all our pods have, whatever runs in them. */
export function podSpec(
  spec: Pick<PodSpec, 'containers' | 'volumes'> & Partial<PodSpec>,
  placement: Placement,
  {
    imagePullSecrets,
    serviceAccountName,
  }: {
    imagePullSecrets: { name: string }[];
    serviceAccountName?: string | undefined;
  },
): PodSpec {
  const { nodeSelector, tolerations, affinity } = placement;
  return {
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    // The environment of every Service of the namespace is of no use here, and can clash with ours.
    enableServiceLinks: false,
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    ...(imagePullSecrets.length > 0 ? { imagePullSecrets } : {}),
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations } : {}),
    ...(affinity === undefined ? {} : { affinity: affinity as NonNullable<PodSpec['affinity']> }),
    ...spec,
  };
}
