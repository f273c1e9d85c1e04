/**
 * A process that fills one cache with all ConfigMaps and says what that took, as JSON: `node sync.ts KUBECONFIG HOW`. On its
 * own, because the peak of a process's memory is only to be had for all of its life.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Connection } from '../../operator/kube/connection.ts';
import type { KubernetesObject } from '../../operator/kube/object.ts';
import { createReflector } from '../../operator/kube/reflector.ts';
import { createTransport } from '../../operator/kube/transport.ts';
import { memoryOf } from '../process/memory.ts';
import { namespace } from './clients.ts';

export const ways = ['stream', 'pages', 'client-node'] as const;

export interface Synced {
  objects: number;
  cpuMs: number;
  peakRssMiB: number;
}

/** As in a pod, where no kubeconfig has to be read: without client-node, which would count for both. */
function connect(kubeconfig: string): Connection {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
  const [{ cluster }, { user }] = [clusters[0], users[0]];
  const material = {
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
    cert: Buffer.from(user['client-certificate-data'], 'base64'),
    key: Buffer.from(user['client-key-data'], 'base64'),
  };
  return {
    server: cluster.server,
    tls: () => material,
    headers: async () => ({}),
    refresh: () => undefined,
  };
}

async function fill(kubeconfig: string, initial: 'stream' | 'pages'): Promise<number> {
  const connection = connect(kubeconfig);
  const transport = createTransport({ connection, userAgent: 'bench' });
  const resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
  const reflector = createReflector<KubernetesObject>({ transport, resource, namespace, initial });
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  await reflector.synced;
  stop.abort();
  await running;
  await transport.close();
  return reflector.size();
}

async function fillClientNode(kubeconfig: string): Promise<number> {
  const { CoreV1Api, KubeConfig, makeInformer } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
    api.listNamespacedConfigMap({ namespace }),
  );
  await informer.start();
  await informer.stop();
  return informer.list().length;
}

if (import.meta.main) {
  const [kubeconfig = '', how = ''] = process.argv.slice(2);
  const objects =
    how === 'client-node'
      ? await fillClientNode(kubeconfig)
      : await fill(kubeconfig, how === 'stream' ? 'stream' : 'pages');
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const said: Synced = {
    objects,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    // Not maxRSS: that is handed down from the process that started this one.
    peakRssMiB: memoryOf(process.pid).peak,
  };
  process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit(0));
}
