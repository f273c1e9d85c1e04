/** A whole controller: beside each ConfigMap labelled digest=wanted it keeps another that holds the digest of its data. */
import { hash } from 'node:crypto';
import type { Connection } from './connection.ts';
import { type KubernetesObject, keyOf, nameOf, type Stored } from './object.ts';
import { ownerIndex } from './object-cache.ts';
import { createObjects } from './objects.ts';
import { createReflector } from './reflector.ts';
import { createTransport } from './transport.ts';
import { createWorkQueue } from './work-queue.ts';

type ConfigMap = KubernetesObject & { data?: Record<string, string> };
const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

export async function keepDigests(
  connection: Connection,
  signal: AbortSignal,
  log: (text: string) => void = console.error,
): Promise<void> {
  const transport = createTransport({ connection, userAgent: 'digests/1.0' });
  const objects = createObjects({ transport, fieldManager: 'digests' });

  const sources = createReflector<ConfigMap>({
    ...{ transport, resource: configMaps, labelSelector: 'digest=wanted' },
    onChange: ({ key, initial }) => queue.add(key, initial ? 'later' : 'soon'),
  });
  const digests = createReflector<ConfigMap>({
    ...{ transport, resource: configMaps, labelSelector: 'digest=made' },
    indexes: { owner: ownerIndex },
    onChange({ object, previous }) {
      const { namespace = '', ownerReferences = [] } = (object ?? previous)?.metadata ?? {};
      for (const { name } of ownerReferences) queue.add(keyOf({ namespace, name }));
    },
  });
  const queue = createWorkQueue({
    async reconcile(key) {
      const source = sources.get(nameOf(key));
      if (!source) return undefined; // What it owned goes with it.
      const wanted = digestOf(source);
      const [live] = digests.by('owner', source.metadata.uid);
      // AlreadyExists: the name is somebody else's, or the cache is late. Both are tried again, later and later.
      if (!live) await objects.create(configMaps, wanted);
      else if (live.data?.sha256 !== wanted.data?.sha256) {
        const { uid } = live.metadata;
        await objects.apply(configMaps, { ...wanted, metadata: { ...wanted.metadata, uid } });
      }
      return undefined;
    },
    onError: (key, error, retryInMs) => log(`${key}: ${error} Next try in ${retryInMs} ms.`),
  });

  // What throws ends all of it: no queue works on with a cache that stands still.
  const ended = new AbortController();
  const running = AbortSignal.any([signal, ended.signal]);
  try {
    const caches = Promise.all([sources.run(running), digests.run(running)]);
    await Promise.race([caches, Promise.all([sources.synced, digests.synced])]);
    await Promise.all([caches, queue.run(running)]);
  } finally {
    ended.abort();
    await transport.close();
  }
}

function digestOf({ kind, apiVersion, metadata, data = {} }: Stored<ConfigMap>): ConfigMap {
  const { namespace = '', name, uid } = metadata;
  const ownerReferences = [{ kind, apiVersion, name, uid, controller: true }];
  const labels = { digest: 'made' };
  const sha256 = hash('sha256', JSON.stringify(Object.entries(data).sort()));
  return {
    ...{ apiVersion, kind, data: { sha256 } },
    metadata: { namespace, name: `${name}-digest`, labels, ownerReferences },
  };
}
