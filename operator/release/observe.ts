import type { ControllerRevision } from '../api/kubernetes.ts';
import { isOwnedBy } from '../api/metadata.ts';
import type { ModelRelease } from '../api/model-release.ts';
import { stableName } from '../api/names.ts';
import { byModelRelease, type Caches } from '../caches.ts';
import { keyOf } from '../kube/object.ts';
import type { Objects } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import { explain, puzzles } from './explanations.ts';
import { lateChildren } from './late-children.ts';
import { latePods } from './late-pods.ts';
import type { Defaults, Observation } from './observation.ts';
import { readRecord } from './record.ts';
import { byAge, type Run } from './run.ts';

export interface Sources {
  caches: Caches;
  transport: Pick<Transport, 'request'>;
  objects: Objects;
  defaults: Defaults;
  now: () => Date;
}

/** Gathers all that a decision about this ModelRelease may look at: from the caches, and from the API server what they lack. */
export async function observe(modelRelease: ModelRelease, sources: Sources): Promise<Observation> {
  const { caches, transport, objects, defaults } = sources;
  const { name, namespace = '' } = modelRelease.metadata;
  const key = keyOf({ namespace, name });
  const now = sources.now();
  const cachedRecords = caches.controllerRevisions
    .by(byModelRelease, key)
    .filter((record) => isOwnedBy(record, modelRelease));
  const cachedJobs = caches.jobs.by(byModelRelease, key);
  const late = await lateChildren(
    { modelRelease, records: cachedRecords, jobs: cachedJobs },
    objects,
  );
  const records = [...cachedRecords, ...late.records];
  const jobs = [...cachedJobs, ...late.jobs];
  const cached = caches.pods.by(byModelRelease, key);
  const read = readAll(records, defaults.templates?.length);
  const pods = [...cached, ...(await latePods({ ...read, jobs, pods: cached }, transport))];
  return {
    now,
    defaults,
    modelRelease,
    ...read,
    records: new Map(records.map((record) => [record.metadata.name, record])),
    jobs,
    lost: late.lost,
    strays: late.strays,
    pods,
    deployment: caches.deployments.get({ namespace, name: stableName(name) }),
    services: [name, stableName(name)].flatMap(
      (service) => caches.services.get({ namespace, name: service }) ?? [],
    ),
    explanations: await explain(puzzles(jobs, pods), now, transport),
  };
}

function readAll(
  records: ControllerRevision[],
  templates: number | undefined,
): Pick<Observation, 'runs' | 'unreadable'> {
  const runs: Run[] = [];
  const unreadable: Observation['unreadable'][number][] = [];
  for (const record of records) {
    const read = readRecord(record, templates);
    if ('unreadable' in read) unreadable.push({ ...read, name: record.metadata.name });
    else runs.push(read);
  }
  return { runs: runs.toSorted(byAge), unreadable };
}
