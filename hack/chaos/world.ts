/** The real API server of all lives, and what an administrator sees of them. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  ControllerRevision,
  Deployment,
  Job,
  Pod,
  Service,
} from '../../operator/api/kubernetes.ts';
import { type ModelRelease, modelReleases } from '../../operator/api/model-release.ts';
import type { KubernetesObject, Stored } from '../../operator/kube/object.ts';
import type { Change } from '../../operator/kube/object-cache.ts';
import { createReflector, type Reflector } from '../../operator/kube/reflector.ts';
import {
  controllerRevisions,
  deployments,
  jobs,
  pods,
  type Resource,
  services,
} from '../../operator/kube/resource.ts';
import type { Transport } from '../../operator/kube/transport.ts';
import {
  mountAccount,
  type PlayedCluster,
  startPlayedCluster,
} from '../../operator/played-cluster.ts';
import { type Upstream, upstreamOf } from './proxy.ts';

export interface World {
  admin: Transport;
  cluster: PlayedCluster;
  upstream: Upstream;
  /** Where logs of operators lie while the world stands. */
  directory: string;
  /** What the kubelet mounts into the operator's pod: its account has the rights that the chart gives, and no others. */
  account: string;
  modelReleases: Reflector<ModelRelease>;
  records: Reflector<ControllerRevision>;
  jobs: Reflector<Job>;
  deployments: Reflector<Deployment>;
  services: Reflector<Service>;
  pods: Reflector<Pod>;
  /** Told of every change in a namespace, in the order of each kind. Returns how to be told no more. */
  listen(namespace: string, listener: Listener): () => void;
  stop(): Promise<void>;
}

export type Listener = (kind: string, change: Change<KubernetesObject>) => void;

export async function startWorld(): Promise<World> {
  const cluster = await startPlayedCluster();
  const admin = cluster.transport;
  const directory = join(dirname(cluster.kubeconfig), 'operators');
  await mkdir(directory);
  const account = join(directory, 'account');
  await mountAccount(cluster.plane, admin, account);
  const listeners = new Map<string, Set<Listener>>();
  const running: Promise<void>[] = [];
  const stopping = new AbortController();

  function reflect<T extends KubernetesObject>(resource: Resource): Reflector<T> {
    const reflector = createReflector<T>({
      transport: admin,
      resource,
      onChange(change) {
        const { metadata } = (change.object ?? change.previous) as Stored<T>;
        for (const listener of listeners.get(metadata.namespace ?? '') ?? [])
          listener(resource.kind, change);
      },
    });
    running.push(reflector.run(stopping.signal));
    return reflector;
  }

  const reflectors = {
    modelReleases: reflect<ModelRelease>(modelReleases),
    records: reflect<ControllerRevision>(controllerRevisions),
    jobs: reflect<Job>(jobs),
    deployments: reflect<Deployment>(deployments),
    services: reflect<Service>(services),
    pods: reflect<Pod>(pods),
  };
  await Promise.all(Object.values(reflectors).map(({ synced }) => synced));
  return {
    ...reflectors,
    admin,
    cluster,
    upstream: await upstreamOf(cluster.plane),
    directory,
    account,
    listen(namespace, listener) {
      const mine = listeners.get(namespace) ?? new Set();
      listeners.set(namespace, mine.add(listener));
      return () => void mine.delete(listener);
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await cluster.stop();
    },
  };
}
