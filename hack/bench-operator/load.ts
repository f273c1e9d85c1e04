import type { Job, JobObject } from '../../operator/api/kubernetes.ts';
import {
  apiVersion,
  kind,
  type ModelRelease,
  modelReleases,
} from '../../operator/api/model-release.ts';
import { listAll } from '../../operator/kube/list.ts';
import type { KubernetesObject, Stored } from '../../operator/kube/object.ts';
import { createObjects, type Objects } from '../../operator/kube/objects.ts';
import { controllerRevisions, jobs } from '../../operator/kube/resource.ts';
import type { Transport } from '../../operator/kube/transport.ts';
import { createNamespace } from '../../operator/played-life.ts';
import { evaluateJob, snapshotJob, trainJob } from '../../operator/release/jobs.ts';
import { questionOf } from '../../operator/release/question.ts';
import { buildRecord, readRecord } from '../../operator/release/record.ts';
import type { Run } from '../../operator/release/run.ts';
import { hasEnded } from '../../operator/release/step-state.ts';
import { inParallel } from '../process/in-parallel.ts';
import { waitFor } from '../process/wait.ts';
import { history } from './history.ts';

/** So many at a time keep an API server busy. */
export const atOnce = 48;

export function loader(admin: Transport): Objects {
  return createObjects({ transport: admin, fieldManager: 'bench' });
}

/** 29 February: a schedule that is not due while anybody looks. */
const never = '0 0 29 2 *';

export function productNames(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `products-${number}`);
}

/** A ModelRelease as shops write them: with what most set, and no more. Nothing is due by its schedule. */
export function modelRelease(
  namespace: string,
  name: string,
  timeZone = 'Etc/UTC',
): KubernetesObject & { spec: object } {
  return {
    apiVersion,
    kind,
    metadata: { namespace, name, labels: { team: 'search' } },
    spec: {
      schedule: { cron: never, timeZone },
      store: {
        s3: {
          endpoint: 'https://s3.storage.svc:7070',
          region: 'eu-west-3',
          bucket: 'models',
          prefix: `classifiers/${name}`,
          forcePathStyle: true,
          credentialsSecret: { name: 's3-credentials' },
        },
      },
      // kwok's Stages take from it what the steps find.
      dataset: { rakuten: { prefix: 'played/products/9000' } },
      training: {
        gpu: { count: 1 },
        resources: { requests: { cpu: '4', memory: '16Gi' }, limits: { memory: '16Gi' } },
        tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      },
      gate: {
        metrics: [
          { name: 'accuracy', minimum: '0.76' },
          { name: 'macroF1', minimum: '0.70' },
        ],
      },
      serving: {
        replicas: 1,
        resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '1Gi' } },
        auth: { signingKeySecret: { name: 'token-keys' } },
        database: { secret: { name: 'accounts', key: 'url' } },
      },
    },
  };
}

/** Creates so many ModelReleases with a history, in ten namespaces. Deployments, Services and status are the operator's work. */
export async function loadShops(
  admin: Transport,
  { releases, runs, say }: { releases: number; runs: number; say: (text: string) => void },
): Promise<void> {
  const shops = 10;
  for (let shop = 0; shop < shops; shop++) {
    await loadReleases(admin, {
      namespace: `shop-${shop}`,
      names: productNames(releases).filter((_, number) => number % shops === shop),
      runs,
      timeZone: 'Europe/Paris',
      withJobs: true,
    });
    say(`loaded ${Math.ceil(((shop + 1) / shops) * releases)} of ${releases} ModelReleases`);
  }
}

/** Creates a namespace with ModelReleases that have lived through so many runs. */
export async function loadReleases(
  admin: Transport,
  load: {
    namespace: string;
    names: string[];
    runs: number;
    timeZone?: string;
    /** The Jobs that an operator leaves of the newest runs, too. */
    withJobs?: boolean;
  },
): Promise<void> {
  const { namespace, names, runs, timeZone, withJobs = false } = load;
  await createNamespace(admin, namespace);
  const objects = loader(admin);
  await inParallel(names, atOnce, async (name) => {
    const wanted = modelRelease(namespace, name, timeZone);
    // The schema fills in the rest.
    const owner = (await objects.create(modelReleases, wanted)) as unknown as Stored<ModelRelease>;
    const past = history(owner, runs, new Date());
    for (const run of past) {
      const stored = await objects.create(controllerRevisions, buildRecord(run, owner));
      const read = readRecord(stored);
      if ('unreadable' in read) throw new Error(read.unreadable);
    }
    for (const job of withJobs ? past.slice(-3).flatMap((run) => jobsOf(run, owner)) : [])
      await objects.create(jobs, job);
  });
  if (withJobs) await jobsOver(admin, namespace);
}

/** As the operator builds them; the cluster's controllers and kwok bring them to their end. */
function jobsOf(run: Run, modelRelease: ModelRelease): JobObject[] {
  const context = { run, modelRelease, attempt: 1, pullPolicy: 'IfNotPresent' as const };
  const dataset = run.snapshot?.dataset ?? '';
  if (!run.evaluation) return [snapshotJob(context)];
  const question = questionOf(run, run.evaluation.champion);
  return [
    snapshotJob(context),
    trainJob({ ...context, dataset }),
    evaluateJob({ ...context, question }),
  ];
}

async function jobsOver(admin: Transport, namespace: string): Promise<void> {
  let open = 0;
  await waitFor(
    async () => {
      const { items } = await listAll<Job>(admin, { resource: jobs, namespace });
      open = items.filter((job) => !hasEnded(job)).length;
      return open === 0 || undefined;
    },
    { what: `the Jobs of ${namespace} to end`, limitMs: 900_000, everyMs: 1_000 },
  ).catch((cause) => {
    throw new Error(`${cause.message} ${open} are open.`, { cause });
  });
}
