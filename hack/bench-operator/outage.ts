import { setTimeout as sleep } from 'node:timers/promises';
import type { ControllerRevision, Deployment } from '../../operator/api/kubernetes.ts';
import {
  labelsFor,
  modelReleaseLabel,
  ownedBy,
  releaseLabel,
  runNowAnnotation,
} from '../../operator/api/metadata.ts';
import { type ModelRelease, modelReleases } from '../../operator/api/model-release.ts';
import { releaseName, stableName, timestamp } from '../../operator/api/names.ts';
import { listAll } from '../../operator/kube/list.ts';
import type { KubernetesObject } from '../../operator/kube/object.ts';
import { createObjects } from '../../operator/kube/objects.ts';
import {
  controllerRevisions,
  deployments,
  jobs,
  pathOf,
  services,
} from '../../operator/kube/resource.ts';
import type { Figure } from '../figures/report.ts';
import { waitFor } from '../process/wait.ts';
import { still } from './at-rest.ts';
import type { Environment } from './environment.ts';
import { loadReleases, productNames } from './load.ts';

export interface OutageOptions {
  releases: number;
  /** How long nobody answers. */
  awayMs: number;
  say: (text: string) => void;
}

const namespace = 'outage';

const suspended = {
  suspend: true,
  template: {
    spec: { restartPolicy: 'Never', containers: [{ name: 'step', image: 'registry.example/x:1' }] },
  },
};

/**
 * The API server is killed and comes back after a while. What people changed at once then is seen by the operator when each of
 * its watches is back. A whole run needs that of pods, too, and Kubernetes' own controllers and nodes, which were cut off as well.
 */
export async function outage(environment: Environment, options: OutageOptions): Promise<Figure[]> {
  const { releases, awayMs, say } = options;
  const { admin, plane } = environment;
  say(`loading ${releases} ModelReleases`);
  const names = productNames(releases);
  await loadReleases(admin, {
    namespace,
    names,
    // The fourth serves: without the record of what serves its Deployment would be left alone.
    runs: 5,
  });
  const operator = await environment.startOperator('outage');
  await still(environment, operator);

  say(`nobody answers for ${awayMs / 1000} s`);
  await plane.kill('kube-apiserver', 'SIGKILL');
  await sleep(awayMs);
  await plane.restart('kube-apiserver');
  const back = performance.now();
  const [name = '', other = ''] = names;
  const objects = createObjects({ transport: admin, fieldManager: 'person' });
  const patch = (path: string, body: object) =>
    admin.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });

  const owner = await objects.get<ModelRelease>(modelReleases, { namespace, name });
  const found = await listAll<ControllerRevision>(admin, {
    resource: controllerRevisions,
    namespace,
    labelSelector: `${modelReleaseLabel}=${name}`,
  });
  const [oldest, older] = found.items;
  if (!owner || !oldest || !older) throw new Error(`${name} or its records are gone.`);
  // A Job that is not over, of a run that is: the operator takes it away.
  const leftover = {
    apiVersion: jobs.apiVersion,
    kind: jobs.kind,
    metadata: {
      ...{ namespace, name: `${older.metadata.name}-evaluate-3` },
      labels: { ...labelsFor(name, 'evaluate'), [releaseLabel]: older.metadata.name },
      ownerReferences: [ownedBy(owner)],
    },
  };
  say('the API server is back, and people change things');
  const slot = new Date(Math.floor(Date.now() / 1000) * 1000);
  await Promise.all([
    patch(pathOf(modelReleases, { namespace, name }), { spec: { historyLimit: 9 } }),
    patch(pathOf(deployments, { namespace, name: stableName(name) }), { spec: { replicas: 3 } }),
    admin.request({ method: 'DELETE', path: pathOf(services, { namespace, name }) }),
    objects.remove(controllerRevisions, oldest),
    objects.create(jobs, { ...leftover, spec: suspended } as KubernetesObject),
    patch(pathOf(modelReleases, { namespace, name: other }), {
      metadata: { annotations: { [runNowAnnotation]: timestamp(slot) } },
    }),
  ]);
  const oldRelease = oldest.metadata.name;
  const limits = { limitMs: 600_000, everyMs: 100 };
  const seen = async (what: string, look: () => Promise<unknown>) => {
    await waitFor(async () => ((await look()) ? true : undefined), {
      what,
      ...limits,
      hopeless: operator.gone,
    });
    return (performance.now() - back) / 1000;
  };
  const modelReleaseOf = (of: string) =>
    objects.get<ModelRelease>(modelReleases, { namespace, name: of });
  const noticed = await Promise.all([
    seen('the operator to see a changed ModelRelease', async () => {
      const live = await modelReleaseOf(name);
      return live?.status?.observedGeneration === live?.metadata.generation;
    }),
    seen('the operator to set back an edited Deployment', async () => {
      const live = await objects.get<Deployment>(deployments, {
        namespace,
        name: stableName(name),
      });
      return live?.spec?.replicas === 1;
    }),
    seen('the operator to miss a deleted record', async () =>
      (await modelReleaseOf(name))?.status?.history?.every((run) => run.release !== oldRelease),
    ),
    seen('the operator to remove a leftover Job', async () => {
      const live = await objects.get(jobs, leftover.metadata);
      return !live || live.metadata.deletionTimestamp !== undefined;
    }),
    seen('the operator to build up a deleted Service', () =>
      objects.get(services, { namespace, name }),
    ),
  ]);
  const release = releaseName(other, slot);
  const run = await seen(`run ${release} to end`, async () =>
    (await modelReleaseOf(other))?.status?.history?.some((entry) => entry.release === release),
  );
  await operator.signal('SIGTERM');
  return [
    {
      name: 'resyncSeconds',
      says: `API server gone for ${awayMs / 1000} s: from its return until changes of ModelReleases, records, Jobs, Deployments and Services are followed`,
      value: Math.max(...noticed),
      unit: 's',
      atMost: 60,
    },
    {
      name: 'runAfterOutageSeconds',
      says: 'the same: until a whole run, asked for at once, has ended; other controllers and nodes come back meanwhile',
      value: run,
      unit: 's',
    },
  ];
}
