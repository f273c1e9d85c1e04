/** What an administrator sees of one life, and keeps of it. */
import type { Deployment } from '../../operator/api/kubernetes.ts';
import { recordAnnotations, releaseLabel } from '../../operator/api/metadata.ts';
import type { ModelRelease } from '../../operator/api/model-release.ts';
import type { KubernetesObject, Stored } from '../../operator/kube/object.ts';
import type { Change } from '../../operator/kube/object-cache.ts';
import { waitFor } from '../process/wait.ts';
import type { World } from './world.ts';

const name = 'products';
/** Generous: a watch that has fallen silent is noticed only after minutes. */
const limitMs = 400_000;

export type Witness = ReturnType<typeof witness>;

export function witness(world: World, namespace: string) {
  const versions: ModelRelease[] = [];
  const activeTogether: string[][] = [];
  /** By `Kind name`, the UIDs that had it. */
  const uids = new Map<string, Set<string>>();
  const gone: string[] = [];
  const records = new Map<string, Stored<KubernetesObject>>();

  const close = world.listen(namespace, (kind, { object, previous }) => {
    const about = object ?? previous;
    if (!about) return;
    if (kind === 'ModelRelease' && object) versions.push(object as unknown as ModelRelease);
    if (kind === 'ControllerRevision') look({ key: about.metadata.name, object, previous });
    if (kind === 'ModelRelease') return;
    const called = nameOf(kind, about);
    if (called === undefined) return;
    if (object) uids.set(called, (uids.get(called) ?? new Set()).add(object.metadata.uid));
    else gone.push(called);
  });

  function look({ key, object }: Change<KubernetesObject>): void {
    if (object) records.set(key, object);
    else records.delete(key);
    const active = [...records.values()]
      .filter(({ metadata }) => {
        const known = metadata.annotations ?? {};
        return !(recordAnnotations.verdict in known || recordAnnotations.outcome in known);
      })
      .map(({ metadata }) => metadata.name);
    if (active.length > 1) activeTogether.push(active);
  }

  const modelRelease = () => world.modelReleases.get({ namespace, name });
  const deployment = () => world.deployments.get({ namespace, name: `${name}-stable` });
  const newer = ({ metadata }: Stored<KubernetesObject>, version: string) =>
    BigInt(metadata.resourceVersion) >= BigInt(version);

  async function until<T extends KubernetesObject>(
    what: string,
    find: () => Stored<T> | undefined,
    holds: (object: Stored<T>) => boolean | undefined,
    since: string,
  ): Promise<void> {
    const attempt = async () => {
      const object = find();
      return (object && newer(object, since) && holds(object)) || undefined;
    };
    const limit = { what: `${what} in ${namespace}`, limitMs, everyMs: 50 };
    await waitFor(attempt, limit).catch((error) => {
      throw new Error(`${error.message} There is ${JSON.stringify(modelRelease()?.status)}`);
    });
  }

  return {
    versions,
    activeTogether,
    close,
    /** Waits until the ModelRelease is so; `since` is a resourceVersion before which nothing counts. */
    until: (
      what: string,
      holds: (object: Stored<ModelRelease>) => boolean | undefined,
      since = '0',
    ) => until<ModelRelease>(what, modelRelease, holds, since),
    deploymentTo: (what: string, holds: (object: Deployment) => boolean | undefined, since = '0') =>
      until<Deployment>(what, deployment, holds, since),
    image: () => deployment()?.spec?.template.spec?.containers[0]?.image ?? '',
    /** The release that serves. */
    release: () => deployment()?.metadata.labels?.[releaseLabel] ?? '',
    /** What is served, and how: one line an object. */
    served: () =>
      [
        deployment(),
        ...world.services.list().filter(({ metadata }) => metadata.namespace === namespace),
      ].map((object) =>
        JSON.stringify([
          object?.kind,
          object?.metadata.name,
          object?.metadata.labels,
          object?.spec,
        ]),
      ),
    usedTwice: () =>
      [...uids]
        .filter(([, of]) => of.size > 1)
        .map(([called]) => called)
        .filter((called) => !called.startsWith('Pod ')),
    /** How often each object came to be, and went, by now. Slots are named by their order. */
    counts() {
      const slots = [
        ...new Set([...uids.keys()].flatMap((called) => called.match(slot) ?? [])),
      ].sort();
      const plain = (called: string) =>
        called.replace(slot, (match) => `slot-${slots.indexOf(match) + 1}`);
      const born: Record<string, number> = {};
      for (const [called, of] of uids) born[plain(called)] = of.size;
      const went: Record<string, number> = {};
      // Pods go with their Jobs, and when that is, is the garbage collector's business.
      for (const called of gone.filter((each) => !each.startsWith('Pod ')))
        went[plain(called)] = (went[plain(called)] ?? 0) + 1;
      return { born, gone: went };
    },
    /** What is still there a while after the ModelRelease was deleted. */
    async orphans(): Promise<string[]> {
      const kinds = [
        world.modelReleases,
        world.records,
        world.jobs,
        world.deployments,
        world.services,
        world.pods,
      ];
      let left: string[] = [];
      const attempt = async () => {
        left = kinds.flatMap((each) =>
          each
            .list()
            .filter(({ metadata }) => metadata.namespace === namespace)
            .map(({ kind, metadata }) => `${kind} ${metadata.name}`),
        );
        return left.length === 0 || undefined;
      };
      const limit = { what: 'an empty namespace', limitMs, everyMs: 200 };
      // Where it never is empty, what is left is the answer.
      await waitFor(attempt, limit).catch(() => undefined);
      return left;
    },
  };
}

const slot = /\d{8}-\d{6}/;

/** The pods of a step are told apart by their Job alone; those that serve come and go as the Deployment's controller likes. */
function nameOf(kind: string, { metadata }: KubernetesObject): string | undefined {
  if (kind !== 'Pod') return `${kind} ${metadata.name}`;
  const job = metadata.labels?.['batch.kubernetes.io/job-name'];
  return job === undefined ? undefined : `Pod of ${job}`;
}
