import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { openStore, type Store, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { type Config, readConfig } from '../config.ts';
import { lastJson, run } from '../process/run.ts';
import { type BuiltImages, partsOf } from './images.ts';
import type { Kubectl, KubeObject } from './kubectl.ts';
import { type Forward, portForward } from './port-forward.ts';

type ShopImages = Pick<BuiltImages, 'versitygw' | 'postgres'>;

export interface ImportedShop {
  products: number;
  /** Distinct ones: the skin tones of one pictogram are one product of a kind. */
  pictograms: number;
  /** Products by class. */
  classes: Record<string, number>;
}

/** A shop's namespace with its S3 server and PostgreSQL, reached from this machine. */
export interface Shop {
  namespace: string;
  kubectl: Kubectl;
  /** A folder of the shop's bucket; without a prefix the bucket itself. */
  store(prefix: string): Store;
  /** Brings the shop of pictograms into the bucket, in the layout of the Rakuten challenge. */
  importPictograms(
    prefix: string,
    options?: { arguments?: string[]; onLine?: (line: string) => void },
  ): Promise<ImportedShop>;
  /** Environment of a program on this machine that talks to the shop's S3 server. */
  s3Environment: Record<string, string>;
  close(): Promise<void>;
}

export const bucket = 'shop';
const demo = resolve(import.meta.dirname, '../../manifests/demo');

/**
 * Makes sure that the namespace has what manifests/demo describes, Secrets included, and waits until it runs.
 * Secrets are made once, with random content, and kept.
 */
export async function openShop(
  kubectl: Kubectl,
  namespace: string,
  images: ShopImages,
  config: Config = readConfig(),
): Promise<Shop> {
  await kubectl.apply([shopNamespace(namespace)]);
  for (const secret of newSecrets(namespace)) {
    const present = await kubectl.get('secret', secret.metadata.name, namespace);
    if (!present) await kubectl.apply([secret]);
  }
  await applyServices(kubectl, namespace, images);
  for (const name of ['s3', 'database']) {
    const deployment = `deployment/${name}`;
    await kubectl.run(['rollout', 'status', deployment, '-n', namespace, '--timeout=300s']);
  }
  const credentials = await credentialFiles(kubectl, namespace);
  const forward: Forward = await portForward(kubectl, namespace, 'service/s3', 7070);
  const s3Environment = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${forward.port}`,
    AWS_REGION: 'us-east-1',
    S3_CREDENTIALS_DIR: credentials,
    S3_FORCE_PATH_STYLE: 'true',
  };
  return {
    namespace,
    kubectl,
    s3Environment,
    store: (prefix) => openStore(`s3://${bucket}/${prefix}`, storeSettingsFromEnv(s3Environment)),
    async importPictograms(prefix, { arguments: more = [], onLine = () => undefined } = {}) {
      const to = ['--to', `s3://${bucket}/${prefix}`];
      const env = { ...config.inherited, ...s3Environment };
      const options = { env, onLine, lines: 'both' as const };
      const out = await run('node', ['hack/demo-data/main.ts', ...to, ...more], options);
      return lastJson(out);
    },
    async close() {
      forward.close();
      await rm(credentials, { recursive: true });
    },
  };
}

/** The S3 server's credentials in a folder of files, as a pod has them. */
async function credentialFiles(kubectl: Kubectl, namespace: string): Promise<string> {
  const { data } = await kubectl.get('secret', 'shop-s3', namespace);
  const dir = await mkdtemp(join(tmpdir(), 'shelfwise-s3-'));
  for (const [key, value] of Object.entries<string>(data)) {
    await writeFile(join(dir, key), Buffer.from(value, 'base64'), { mode: 0o600 });
  }
  return dir;
}

function shopNamespace(name: string): KubeObject {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function newSecrets(namespace: string): KubeObject[] {
  const secret = (name: string, stringData: Record<string, string>) => ({
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: { name, namespace },
    stringData,
  });
  const password = randomBytes(18).toString('base64url');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const month = new Date().toISOString().slice(0, 7);
  return [
    secret('shop-s3', {
      AWS_ACCESS_KEY_ID: randomBytes(10).toString('hex'),
      AWS_SECRET_ACCESS_KEY: randomBytes(24).toString('base64url'),
    }),
    secret('shop-database', {
      password,
      url: `postgres://shelfwise:${password}@database:5432/shelfwise`,
    }),
    secret('shop-token-keys', {
      [`${month}.pem`]: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }),
    secret('shop-admin', { username: 'admin', password: randomBytes(18).toString('base64url') }),
  ];
}

/** manifests/demo with these images, by an overlay in a folder of its own. */
async function applyServices(
  kubectl: Kubectl,
  namespace: string,
  images: ShopImages,
): Promise<void> {
  const overlay = await mkdtemp(join(tmpdir(), 'shelfwise-shop-'));
  try {
    const replaced = (['versitygw', 'postgres'] as const).map((name) => {
      const { repository, tag, digest } = partsOf(images[name]);
      return { name, newName: repository, newTag: tag, digest };
    });
    // kustomize reads JSON as YAML; a base is named relative to its overlay.
    const kustomization = { namespace, resources: [relative(overlay, demo)], images: replaced };
    await writeFile(join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
    await kubectl.applyKustomization(overlay);
  } finally {
    await rm(overlay, { recursive: true });
  }
}
