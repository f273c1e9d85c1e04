import { listAll } from '../../operator/kube/list.ts';
import type { KubernetesObject } from '../../operator/kube/object.ts';
import { jobs, type Resource } from '../../operator/kube/resource.ts';
import type { Transport } from '../../operator/kube/transport.ts';
import { inParallel } from '../process/in-parallel.ts';
import { waitFor } from '../process/wait.ts';
import { atOnce, loader } from './load.ts';

const cronJobs: Resource = { apiVersion: 'batch/v1', kind: 'CronJob', plural: 'cronjobs' };

interface CronJob extends KubernetesObject {
  status?: { lastScheduleTime?: string; lastSuccessfulTime?: string; active?: unknown[] };
}

/** What people without an operator would write: a Job on the same schedule, played like a snapshot that goes well. */
export async function createCronJobs(
  admin: Transport,
  { namespace, cron, count }: { namespace: string; cron: string; count: number },
): Promise<void> {
  const objects = loader(admin);
  const labels = { 'shelfwise.dev/step': 'snapshot', 'shelfwise.dev/release': 'cron' };
  const container = {
    name: 'job',
    image: 'registry.example/job:1',
    args: ['--from', 's3://bucket/played/products/9000'],
  };
  const spec = {
    schedule: cron,
    timeZone: 'Etc/UTC',
    jobTemplate: {
      spec: {
        template: {
          metadata: { labels },
          spec: { restartPolicy: 'Never', containers: [container] },
        },
      },
    },
  };
  const { apiVersion, kind } = cronJobs;
  await inParallel(
    Array.from({ length: count }, (_, number) => `cron-${number}`),
    atOnce,
    (name) =>
      objects.create(cronJobs, {
        apiVersion,
        kind,
        metadata: { namespace, name },
        spec,
      } as KubernetesObject),
  );
}

/** Each has run its Job, and its controller has taken note of that. */
export async function cronJobsDone(
  admin: Transport,
  { namespace, count }: { namespace: string; count: number },
): Promise<void> {
  await waitFor(
    async () => {
      const { items } = await listAll<CronJob>(admin, { resource: cronJobs, namespace });
      const done = items.filter(
        ({ status }) => status?.lastSuccessfulTime && !status.active?.length,
      );
      return done.length === count || undefined;
    },
    { what: `${count} CronJobs to be done`, limitMs: 600_000, everyMs: 2_000 },
  ).catch(async (error) => {
    const { items } = await listAll<KubernetesObject>(admin, { resource: jobs, namespace });
    throw new Error(`${error.message} There are ${items.length} Jobs.`, { cause: error });
  });
}
