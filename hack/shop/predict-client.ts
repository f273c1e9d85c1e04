import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { waitFor } from '../process/wait.ts';
import type { Kubectl } from './kubectl.ts';

/** A product as the client pod sends it; the picture as base64. */
export interface Product {
  id: string;
  designation: string | null;
  description: string | null;
  image: string | null;
}

export interface Answer {
  id: string;
  /** 0 where no answer came; the body is then the error's words. */
  status: number;
  milliseconds: number;
  // biome-ignore lint/suspicious/noExplicitAny: the body of whatever answered
  body: any;
}

const pod = 'shop-client';
const minutes = 60_000;

/** A pod that waits until it is told to ask: a service of the shop with a ServiceAccount token for `shelfwise`. */
export async function startClient(
  kubectl: Kubectl,
  namespace: string,
  image: string,
): Promise<void> {
  const code = await readFile(new URL('./client.mts', import.meta.url), 'utf8');
  const script = { name: 'script', configMap: { name: pod } };
  const expirationSeconds = 600;
  const token = {
    name: 'token',
    projected: {
      sources: [
        { serviceAccountToken: { audience: 'shelfwise', path: 'token', expirationSeconds } },
      ],
    },
  };
  const metadata = { name: pod, namespace };
  const container = {
    name: 'client',
    image,
    command: ['node', '-e', 'process.on("SIGTERM", process.exit); setInterval(() => {}, 60000)'],
    // Without a request of its own it would get no CPU to ask with while a training takes all there is.
    resources: { requests: { cpu: '100m', memory: '64Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'script', mountPath: '/client', readOnly: true },
      { name: 'token', mountPath: '/var/run/secrets/shelfwise', readOnly: true },
    ],
  };
  // A pod cannot be changed.
  await stopClient(kubectl, namespace);
  await kubectl.apply([
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'client.mts': code } },
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata },
      spec: {
        securityContext: {
          ...{ runAsNonRoot: true, runAsUser: 1000 },
          seccompProfile: { type: 'RuntimeDefault' },
        },
        terminationGracePeriodSeconds: 1,
        containers: [container],
        volumes: [script, token],
      },
    },
  ]);
  await waitFor(
    async () => {
      const seen = await kubectl.get('pod', pod, namespace);
      if (seen?.status.phase === 'Running') return true;
      throw new Error(JSON.stringify(seen?.status.containerStatuses ?? seen?.status));
    },
    { what: `the pod ${namespace}/${pod} to run`, limitMs: 5 * minutes, everyMs: 500 },
  );
}

export async function stopClient(kubectl: Kubectl, namespace: string): Promise<void> {
  await kubectl.run(['delete', 'pod,configmap', pod, '-n', namespace, '--ignore-not-found']);
}

/** Asks about each product once, in order, from inside the cluster. */
export async function predict(
  kubectl: Kubectl,
  namespace: string,
  url: string,
  products: Product[],
): Promise<Answer[]> {
  const input = products.map((product) => `${JSON.stringify(product)}\n`).join('');
  const out = await kubectl.run(
    ['exec', '-i', '-n', namespace, pod, '--', 'node', '/client/client.mts', url],
    { input: `${input}\n` },
  );
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Asks again and again, `rate` times a second, until `stop`; the answers of the whole time. */
export function keepAsking(
  kubectl: Kubectl,
  namespace: string,
  url: string,
  products: Product[],
  rate: number,
): { answers: Answer[]; stop(): Promise<Answer[]> } {
  const command = ['node', '/client/client.mts', url, '--rate', String(rate)];
  const child = kubectl.spawn(['exec', '-i', '-n', namespace, pod, '--', ...command]);
  const answers: Answer[] = [];
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    words += text;
  });
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on('line', (line) => answers.push(JSON.parse(line)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin?.write(`${products.map((product) => JSON.stringify(product)).join('\n')}\n\n`);
  return {
    answers,
    async stop() {
      child.stdin?.end('stop\n');
      const code = await ended;
      if (code !== 0) throw new Error(`the client in ${namespace} ended with ${code}: ${words}`);
      return answers;
    },
  };
}
