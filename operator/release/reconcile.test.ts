import { expect } from 'chai';
import type { ControllerRevision, Deployment, Job, Pod, Service } from '../api/kubernetes.ts';
import { modelReleaseLabel, ownedBy, recordAnnotations, releaseLabel } from '../api/metadata.ts';
import type { ModelRelease, ModelReleaseStatus } from '../api/model-release.ts';
import { byModelRelease } from '../caches.ts';
import { ApiError } from '../kube/api-error.ts';
import { type KubernetesObject, keyOf, type Stored } from '../kube/object.ts';
import { createObjectCache, labelIndex } from '../kube/object-cache.ts';
import type { Objects } from '../kube/objects.ts';
import { birth, defaults, modelRelease } from './fixtures/model-release.ts';
import { createReconciler, type ReconcilerParts } from './reconcile.ts';

type Kind = 'ControllerRevision' | 'Job' | 'Service' | 'ModelRelease' | 'Pod' | 'Deployment';

/** An API server in memory, whose watches tell only when the test lets them, and that refuses what the test says. */
function createScene() {
  const children = <T extends KubernetesObject>() =>
    createObjectCache<T>({ [byModelRelease]: labelIndex(modelReleaseLabel) });
  const caches = {
    modelReleases: createObjectCache<ModelRelease>(),
    controllerRevisions: children<ControllerRevision>(),
    jobs: children<Job>(),
    pods: children<Pod>(),
    deployments: children<Deployment>(),
    services: children<Service>(),
  };
  const cacheOf: Record<Kind, { put(object: never): unknown }> = {
    ModelRelease: caches.modelReleases,
    ControllerRevision: caches.controllerRevisions,
    Job: caches.jobs,
    Pod: caches.pods,
    Deployment: caches.deployments,
    Service: caches.services,
  };
  const live = new Map<string, Stored<KubernetesObject>>();
  const untold: Stored<KubernetesObject>[] = [];
  const writes: string[] = [];
  const removed: string[] = [];
  const events: string[] = [];
  let kept: ApiError | undefined;
  let version = 10;
  let refuse: ((kind: string) => ApiError | undefined) | undefined;

  function store<T extends KubernetesObject>(object: T, verb: string): Stored<T> {
    const { kind } = object;
    const error = refuse?.(kind);
    if (error) throw error;
    if (verb === 'create' && live.has(`${kind}/${keyOf(object.metadata)}`)) throw taken(kind);
    writes.push(`${verb} ${kind} ${object.metadata.name}`);
    version += 1;
    const copy = structuredClone(object) as Stored<T>;
    const key = `${kind}/${keyOf(object.metadata)}`;
    const before = live.get(key)?.metadata;
    Object.assign(copy.metadata, {
      uid: before?.uid ?? `uid-${version}`,
      resourceVersion: String(version),
      creationTimestamp: birth,
    });
    live.set(key, copy);
    untold.push(copy);
    return copy;
  }

  const objects = {
    get: async (resource, name) => live.get(`${resource.kind}/${keyOf(name)}`) as never,
    create: async (_resource, object) => store(object, 'create'),
    apply: async (_resource, object) => store(object, 'apply'),
    applyTo: async (_resource, _live, object) => store(object, 'apply'),
    remove: async (_resource, { metadata }) => {
      if (kept) throw kept;
      removed.push(metadata.name);
      return true;
    },
    updateStatus: async (_resource, object, status) => {
      const before = object as unknown as ModelRelease;
      return store({ ...before, status: status as ModelReleaseStatus }, 'status') as never;
    },
    patchAnnotations: async (_resource, object, annotations) => {
      const before = object as unknown as ControllerRevision;
      const metadata = {
        ...before.metadata,
        annotations: { ...before.metadata.annotations, ...annotations },
      };
      return store({ ...before, metadata } as ControllerRevision, 'patch') as never;
    },
  } satisfies Objects;

  const ofKind = (kind: Kind) => [...live.values()].filter((object) => object.kind === kind);
  const release = modelRelease();
  live.set('ModelRelease/shop/pictograms', release);
  caches.modelReleases.put(release);
  let now = new Date(birth);
  const parts: ReconcilerParts = {
    caches,
    objects,
    recorder: { record: ({ reason }) => void events.push(reason), flush: async () => undefined },
    transport: {
      request: async ({ path }) => {
        const records = path.endsWith('/controllerrevisions') ? ofKind('ControllerRevision') : [];
        return { metadata: { resourceVersion: String(version) }, items: records } as never;
      },
    },
    clock: () => now.getTime(),
    defaults,
    now: () => now,
    log: { info: () => undefined },
  };
  let reconcile = createReconciler(parts);
  return {
    caches,
    writes,
    removed,
    events,
    live,
    reconcile: () => reconcile('shop/pictograms'),
    status: () => (live.get('ModelRelease/shop/pictograms') as Stored<ModelRelease>).status,
    /** Another process takes over: it remembers nothing, and its watches are where ours are. */
    succeed: () => {
      reconcile = createReconciler(parts);
    },
    /** The watches tell of all that was written. */
    tell: () => {
      for (const object of untold.splice(0)) cacheOf[object.kind as Kind].put(object as never);
    },
    annotate: (annotations: Record<string, string>) => {
      const object = live.get('ModelRelease/shop/pictograms') as Stored<ModelRelease>;
      version += 1;
      const metadata = { ...object.metadata, annotations, resourceVersion: String(version) };
      const changed = { ...object, metadata };
      live.set('ModelRelease/shop/pictograms', changed);
      caches.modelReleases.put(changed);
    },
    /** The API server refuses to delete anything. */
    keep: (answer: ApiError | undefined) => {
      kept = answer;
    },
    refuse: (answer: typeof refuse) => {
      refuse = answer;
    },
    pass: (seconds: number) => {
      now = new Date(now.getTime() + seconds * 1000);
    },
  };
}

type Scene = ReturnType<typeof createScene>;

/** What the transport's guard makes of a write once the Lease is lost. */
const withheld = new ApiError({
  verb: 'create',
  resource: 'jobs.batch',
  object: 'shop',
  status: 0,
  reason: 'Withheld',
  message: 'The Lease is lost.',
});

/** What two objects have in common that were made in other moments. */
function shape({ kind, metadata, ...rest }: Stored<KubernetesObject>) {
  const { uid: _, resourceVersion: __, creationTimestamp: ___, ...named } = metadata;
  return { kind, metadata: named, ...rest };
}

function taken(kind: string): ApiError {
  const facts = {
    verb: 'create',
    resource: kind,
    object: 'shop',
    status: 409,
    message: 'it exists',
  };
  return new ApiError({ ...facts, reason: 'AlreadyExists' });
}

function refusal(
  kind: string,
  status: number,
  reason: string,
  message: string,
  resource = 'jobs.batch',
) {
  const facts = { verb: 'create', resource, object: 'shop', status, reason, message };
  return (asked: string) => (asked === kind ? new ApiError(facts) : undefined);
}

const release = 'pictograms-20261122-020000';

describe('reconcile', () => {
  it('decides nothing before the caches know what it wrote', async () => {
    const scene = createScene();
    await scene.reconcile();
    const before = [...scene.writes];
    expect(before).to.include(`create ControllerRevision ${release}`);
    // A person asks for a run meanwhile: on the old caches it would be started beside the first one.
    expect(await scene.reconcile()).to.deep.equal({ requeueAfterMs: 1000 });
    expect(scene.writes).to.deep.equal(before);
    scene.tell();
    await scene.reconcile();
    expect(scene.writes).to.deep.equal(before);
  });

  it('does not wait for ever for what the caches will never know', async () => {
    const scene = createScene();
    await scene.reconcile();
    scene.pass(31);
    expect(await scene.reconcile().catch((error) => error)).to.include({ reason: 'CacheBehind' });
  });

  it('says what it waits for, and comes again: a quota', async () => {
    const scene = createScene();
    scene.refuse(
      refusal('Job', 403, 'Forbidden', 'jobs is forbidden: exceeded quota: jobs, used: 5'),
    );
    const error = await scene.reconcile().catch((thrown) => thrown);
    expect(error).to.include({ outcome: 'Waiting', reason: 'QuotaExceeded' });
    const degraded = scene.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded?.reason).to.equal('QuotaExceeded');
    expect(degraded?.message).to.include('exceeded quota: jobs');
    scene.tell();
    scene.refuse(undefined);
    await scene.reconcile();
    expect(scene.live.has(`Job/shop/${release}-snapshot`)).to.equal(true);
    expect(scene.status()?.conditions?.find(({ type }) => type === 'Degraded')?.status).to.equal(
      'False',
    );
  });

  const forbidden: [why: string, message: string, reason: string][] = [
    ['a policy', 'admission webhook "no-jobs" denied the request', 'Refused'],
    ['a quota', 'exceeded quota: jobs, used: 5', 'QuotaExceeded'],
  ];
  for (const [why, message, reason] of forbidden) {
    it(`ends a run whose Job is forbidden for longer than the limit, and lets the next one begin: ${why}`, async () => {
      const scene = createScene();
      scene.refuse(refusal('Job', 403, 'Forbidden', message));
      const { schedulingTimeoutSeconds: limit } = modelRelease().spec.training;
      for (const seconds of [0, limit - 1]) {
        scene.pass(seconds);
        const error = await scene.reconcile().catch((thrown) => thrown);
        expect(error).to.include({ outcome: 'Waiting' });
        expect(scene.status()?.run?.release).to.equal(release);
        expect(scene.events).to.deep.equal(['RunStarted']);
        scene.tell();
      }
      scene.pass(1);
      await scene.reconcile();
      expect(scene.status()?.run).to.equal(undefined);
      expect(scene.status()?.history?.[0]).to.deep.include({ outcome: 'RunFailed', reason });
      expect(scene.status()?.history?.[0]?.message)
        .to.include(message)
        .and.to.include(`schedulingTimeoutSeconds (${limit} s)`);
      expect(scene.events).to.deep.equal(['RunStarted', 'RunFailed']);
      scene.tell();
      const writes = [...scene.writes];
      await scene.reconcile();
      expect(scene.writes).to.deep.equal(writes);
      scene.annotate({ 'shelfwise.dev/run-now': '2026-11-23T02:00:00Z' });
      scene.refuse(undefined);
      await scene.reconcile();
      expect(scene.events).to.deep.equal(['RunStarted', 'RunFailed', 'RunStarted']);
    });
  }

  it('ends a run whose Job is refused for good: a record cannot be corrected', async () => {
    const scene = createScene();
    scene.refuse(
      refusal(
        'Job',
        422,
        'Invalid',
        'Job is invalid: spec.template.spec.tolerations[0].key: Invalid value: "a b"',
      ),
    );
    const first = await scene.reconcile().catch((thrown) => thrown);
    // The record was written a moment ago, and its outcome needs it in the cache.
    expect(first).to.include({ reason: 'CacheBehind' });
    scene.tell();
    await scene.reconcile();
    const last = scene.status()?.history?.[0];
    expect(last?.outcome).to.equal('RunFailed');
    expect(last?.reason).to.equal('Refused');
    expect(last?.message)
      .to.include('snapshot could not begin')
      .and.to.include('tolerations[0].key');
    scene.tell();
    const writes = [...scene.writes];
    await scene.reconcile();
    expect(scene.writes).to.deep.equal(writes);
    expect(scene.events).to.deep.equal(['RunStarted', 'RunFailed']);
  });

  it('takes the refusal to delete a Job for no refusal of the one that was created', async () => {
    const scene = createScene();
    await scene.reconcile();
    scene.tell();
    await scene.reconcile();
    // Somebody deleted the first attempt, and a Job is left of a run without a record.
    scene.caches.jobs.drop({ namespace: 'shop', name: `${release}-snapshot` });
    scene.live.delete(`Job/shop/${release}-snapshot`);
    scene.caches.jobs.put({
      ...{ apiVersion: 'batch/v1', kind: 'Job', spec: {} },
      metadata: {
        ...{ name: 'old', namespace: 'shop', uid: 'old', resourceVersion: '1' },
        ...{ creationTimestamp: birth, ownerReferences: [ownedBy(modelRelease())] },
        labels: { [modelReleaseLabel]: 'pictograms', [releaseLabel]: 'pictograms-old' },
      },
    } as unknown as Stored<Job>);
    const facts = { verb: 'delete', resource: 'jobs.batch', object: 'old', status: 422 };
    scene.keep(new ApiError({ ...facts, reason: 'Invalid', message: 'a policy keeps it' }));
    const error = await scene.reconcile().catch((thrown) => thrown);
    expect(error).to.include({ outcome: 'Stalled' });
    const record = scene.live.get(`ControllerRevision/shop/${release}`);
    expect(record?.metadata.annotations).to.not.have.property(recordAnnotations.outcome);
    expect(scene.live.has(`Job/shop/${release}-snapshot-2`)).to.equal(true);
  });

  it('removes what has to go although something else is refused for good', async () => {
    const scene = createScene();
    await scene.reconcile();
    scene.tell();
    const job = scene.live.get(`Job/shop/${release}-snapshot`) as Stored<Job>;
    const pod = {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        ...{ name: 'late', namespace: 'shop', uid: 'u', resourceVersion: '1' },
        ...{ creationTimestamp: birth, labels: job.metadata.labels },
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'Job', name: 'x', uid: job.metadata.uid },
        ],
      },
      status: { phase: 'Failed', reason: 'DeadlineExceeded' },
    };
    scene.caches.pods.put(pod as unknown as Stored<Pod>);
    // Somebody edited it, and the API server takes no Services any more.
    const service = scene.live.get('Service/shop/pictograms') as Stored<Service>;
    const metadata = { ...service.metadata, resourceVersion: '999' };
    const edited = { ...service, metadata, spec: {} } as Stored<Service>;
    scene.live.set('Service/shop/pictograms', edited);
    scene.caches.services.put(edited);
    scene.refuse(refusal('Service', 422, 'Invalid', 'Service is invalid', 'services'));
    const error = await scene.reconcile().catch((thrown) => thrown);
    expect(error).to.include({ outcome: 'Stalled' });
    expect(scene.removed).to.deep.equal([`${release}-snapshot`]);
  });

  it('changes nothing on caches that lack what its predecessor wrote last', async () => {
    const scene = createScene();
    await scene.reconcile();
    scene.annotate({ 'shelfwise.dev/run-now': '2026-11-22T05:00:00Z' });
    scene.pass(3 * 3600);
    scene.succeed();
    const before = [...scene.writes];
    // Of the run that was begun a moment ago it knows nothing: the one that is asked for now would run beside it.
    expect(await scene.reconcile().catch((error) => error)).to.include({
      outcome: 'Transient',
      reason: 'CacheBehind',
    });
    expect(scene.writes).to.deep.equal(before);
    scene.tell();
    await scene.reconcile();
    expect([...scene.live.keys()].filter((key) => key.startsWith('ControllerR'))).to.have.length(1);
  });

  it('does not ask for more often than every ten minutes whether a slot is due', async () => {
    const scene = createScene();
    scene.refuse(refusal('Job', 422, 'Invalid', 'Job is invalid'));
    for (let i = 0; i < 2; i++) {
      await scene.reconcile().catch(() => undefined);
      scene.tell();
    }
    expect(scene.status()?.history?.[0]?.outcome).to.equal('RunFailed');
    // The first slot of the schedule is days away.
    expect(await scene.reconcile()).to.deep.equal({ requeueAfterMs: 600_000 });
  });

  it('tries a status that is refused again as something stalled, not as something that passes', async () => {
    const scene = createScene();
    const why = 'limit is 3145728';
    const what = 'modelreleases.shelfwise.dev/status';
    scene.refuse(refusal('ModelRelease', 413, 'RequestEntityTooLarge', why, what));
    for (let i = 0; i < 2; i++) {
      const error = await scene.reconcile().catch((thrown) => thrown);
      scene.tell();
      expect(error).to.include({ outcome: 'Stalled', reason: 'RequestEntityTooLarge' });
    }
  });

  describe('loses its Lease in the middle of a plan', () => {
    /** The first look at a new ModelRelease: record, Job, two Services, status. */
    async function began(scene: Scene): Promise<string[]> {
      await scene.reconcile();
      scene.tell();
      await scene.reconcile();
      return [...scene.live]
        .map(([key, object]) => `${key} ${JSON.stringify(shape(object))}`)
        .sort();
    }

    for (let done = 0; done < 5; done++) {
      it(`after ${done} of 5 writes: its successor ends up where it would have`, async () => {
        const undisturbed = createScene();
        const expected = await began(undisturbed);
        expect(undisturbed.writes).to.have.length(5);

        const scene = createScene();
        scene.refuse(() => (scene.writes.length < done ? undefined : withheld));
        const error = await scene.reconcile().catch((thrown) => thrown);
        expect(error).to.equal(withheld);
        expect(scene.writes).to.deep.equal(undisturbed.writes.slice(0, done));
        scene.refuse(undefined);
        scene.succeed();
        scene.tell();
        expect(await began(scene)).to.deep.equal(expected);
        // Nothing was made twice: what is left to do is what was left.
        expect(scene.writes.filter((write) => write.startsWith('create'))).to.deep.equal(
          undisturbed.writes.filter((write) => write.startsWith('create')),
        );
      });
    }
  });

  it('says nothing of what passes by itself', async () => {
    const scene = createScene();
    scene.refuse(refusal('Job', 500, 'InternalError', 'etcd leader changed'));
    expect(await scene.reconcile().catch((thrown) => thrown)).to.include({ status: 500 });
    expect(scene.status()).to.equal(undefined);
  });
});
