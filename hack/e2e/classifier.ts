import type { ModelRelease } from '../../operator/api/model-release.gen.ts';
import type { KubeObject } from '../shop/kubectl.ts';
import { condition, followRelease } from '../shop/model-release.ts';
import { bucket, type Shop } from '../shop/shop.ts';
import type { Environment } from './environment.ts';

const minutes = 60_000;

/** A small, quick ModelRelease over a data set of the shop's bucket; `change` edits its spec. */
export function classifier(
  shop: Shop,
  name: string,
  dataset: string,
  change: (spec: KubeObject) => void = () => undefined,
): KubeObject {
  const secret = (key: string) => ({ name: `shop-${key}` });
  const spec: KubeObject = {
    // Far away: these tests ask for their runs themselves.
    schedule: { cron: '0 3 1 1 *' },
    store: {
      s3: {
        ...{ endpoint: 'http://s3:7070', bucket, prefix: 'models', forcePathStyle: true },
        credentialsSecret: secret('s3'),
      },
    },
    dataset: { rakuten: { prefix: dataset }, holdoutPercent: 20 },
    training: {
      model: { imageSize: 96, seed: 1 },
      gpu: { count: 1 },
      // One of two CPUs at most: what serves must go on answering in time on a machine that is slow already.
      resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '1' } },
      activeDeadlineSeconds: 1200,
      schedulingTimeoutSeconds: 1200,
    },
    gate: { metrics: [{ name: 'accuracy', minimum: '0.50' }] },
    serving: {
      replicas: 1,
      // Thrice what training asks for: a training that takes all CPUs must not make requests miss their deadline.
      resources: { requests: { cpu: '300m', memory: '256Mi' } },
      progressDeadlineSeconds: 300,
      database: { secret: { name: 'shop-database', key: 'url' } },
      auth: { signingKeySecret: secret('token-keys'), adminSecret: secret('admin') },
    },
  };
  change(spec);
  const metadata = { name, namespace: shop.namespace };
  return { apiVersion: 'shelfwise.dev/v1alpha1', kind: 'ModelRelease', metadata, spec };
}

/** The ModelRelease of a test, with the verbs that tests use. */
export function driver({ kubectl, shop }: Environment, name: string) {
  const at = { namespace: shop.namespace, name };
  const follow = (
    what: string,
    done: (seen: ModelRelease) => boolean,
    each?: (seen: ModelRelease) => void,
  ) =>
    followRelease(kubectl, at, done, {
      ...{ what: `${name}: ${what}`, limitMs: 15 * minutes },
      ...(each ? { each } : {}),
    });
  const get = async (): Promise<ModelRelease> => kubectl.get('modelrelease', name, at.namespace);
  return {
    follow,
    get,
    url: `http://${name}/v1/predict`,
    storePrefix: `models/${shop.namespace}/${name}`,
    apply: (change?: (spec: KubeObject) => void, dataset = name) =>
      kubectl.apply([classifier(shop, name, dataset, change)]),
    /** The serving release once nothing is under way any more. */
    async settled(what: string) {
      const seen = await follow(what, ({ status }) => !!status?.serving && isIdle(status));
      return seen.status?.serving as NonNullable<NonNullable<ModelRelease['status']>['serving']>;
    },
    /** Asks for a run now and returns the slot's release name once it is under way or recorded. */
    async runNow(): Promise<string> {
      const now = new Date(Math.floor(Date.now() / 1000) * 1000);
      const value = now.toISOString().replace('.000Z', 'Z');
      const annotation = `shelfwise.dev/run-now=${value}`;
      const where = ['-n', at.namespace, '--overwrite'];
      await kubectl.run(['annotate', 'modelrelease', name, annotation, ...where]);
      const slot = value.replaceAll(/[-:Z]/g, '').replace('T', '-');
      const release = `${name}-${slot}`;
      await follow(`the run ${release} to begin`, ({ status }) =>
        [status?.run?.release, ...(status?.history ?? []).map((each) => each.release)].includes(
          release,
        ),
      );
      return release;
    },
    /** How a run ended, once it is in the history and nothing is under way. */
    async outcome(release: string) {
      const find = ({ status }: ModelRelease) =>
        status?.history?.find((each) => each.release === release);
      const seen = await follow(
        `${release} to end`,
        (now) => !!find(now) && isIdle(now.status as NonNullable<ModelRelease['status']>),
      );
      const ended = find(seen);
      if (!ended) throw new Error(`${release} is not in the history`);
      return ended;
    },
    condition: async (type: string) => condition(await get(), type),
    jobs: async (release: string): Promise<string[]> => {
      const jobs = await kubectl.list('jobs', at.namespace, `shelfwise.dev/release=${release}`);
      return jobs.map((job) => job.metadata.name).sort();
    },
  };
}

function isIdle(status: NonNullable<ModelRelease['status']>): boolean {
  return !status.run && !status.candidate;
}
