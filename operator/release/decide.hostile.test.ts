/** Observations that no cluster should ever give: contradictory, half there, of other owners. A decision is made all the same. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Deployment, Job, Pod, Service } from '../api/kubernetes.ts';
import { ownedBy, releaseLabel, stepLabel, trackLabel } from '../api/metadata.ts';
import { jobName, stableName } from '../api/names.ts';
import { reasons } from '../api/reasons.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { digest, evaluateMessage, snapshotMessage } from './fixtures/messages.ts';
import { modelRelease } from './fixtures/model-release.ts';
import type { Observation } from './observation.ts';
import { lastGood } from './run.ts';

const release = 'pictograms-20261122-020000';
const owner = ownedBy(modelRelease());
const releases = fc.constantFrom(release, 'pictograms-20261122-030000', 'x', '');
const steps = fc.constantFrom('snapshot', 'train', 'evaluate');
/** Times at least are times: what is none no API server takes. */
const times = fc.constantFrom(
  '2026-11-22T02:00:00Z',
  '2026-11-22T04:00:00Z',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  undefined,
);
const words = fc.oneof(fc.constantFrom('', 'Complete', 'Failed', 'True', 'Evicted'), fc.string());

/** The API server leaves out what is not there; it sends no null. */
const absent = { nil: undefined };

/** A record of which any field may be missing. */
function partly<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  const all = Object.entries(fields) as [string, fc.Arbitrary<unknown>][];
  const perhaps = all.map(([name, value]) => [name, fc.option(value, { ...absent, freq: 8 })]);
  return fc.record(Object.fromEntries(perhaps), { requiredKeys: [] });
}

const conditions = fc.array(
  partly({
    type: fc.constantFrom(
      'Complete',
      'Failed',
      'Suspended',
      'Progressing',
      'DisruptionTarget',
      'X',
    ),
    status: fc.constantFrom('True', 'False', 'Unknown', 'x'),
    reason: words,
    message: words,
    lastTransitionTime: times,
  }),
  { maxLength: 3 },
);

const owners = fc.constantFrom(
  [owner],
  [],
  undefined,
  [{ ...owner, uid: 'uid-of-another' }],
  [{ ...owner, controller: false }],
);

/** The part of metadata that every stored object has, and what it may have besides. */
function metadata(name: fc.Arbitrary<string>) {
  return fc
    .tuple(
      name,
      fc.nat(5),
      owners,
      releases,
      steps,
      fc.boolean(),
      fc.option(fc.constant('2026-11-22T02:00:00Z'), { nil: undefined, freq: 3 }),
    )
    .map(([called, uid, ownerReferences, of, step, labelled, deletionTimestamp]) => ({
      name: called,
      namespace: 'shop',
      uid: `uid-${uid}`,
      resourceVersion: '1',
      creationTimestamp: '2026-11-22T02:00:00Z',
      ownerReferences,
      deletionTimestamp,
      ...(labelled
        ? { labels: { [releaseLabel]: of, [stepLabel]: step, [trackLabel]: 'stable' } }
        : {}),
    }));
}

const jobNames = fc
  .tuple(releases, steps, fc.integer({ min: 1, max: 4 }))
  .map(([of, step, attempt]) => jobName(of, step as 'train', attempt));

const anyJob = fc
  .tuple(
    metadata(jobNames),
    fc.option(partly({ conditions, failed: fc.nat(3), succeeded: fc.nat(1) }), absent),
    fc.option(partly({ suspend: fc.boolean() }), absent),
  )
  .map(([meta, status, spec]) => ({ kind: 'Job', metadata: meta, status, spec }) as unknown as Job);

const messages = fc.constantFrom(
  undefined,
  '',
  '{',
  'null',
  '[]',
  snapshotMessage(),
  snapshotMessage(digest('e'), 0),
  evaluateMessage({ release, dataset: digest('d'), champion: null, gate: { metrics: [] } }),
);
const anyPod = fc
  .tuple(
    metadata(fc.constantFrom('a', 'b', 'c')),
    fc.option(
      partly({
        phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown', 'x'),
        reason: words,
        message: words,
        conditions,
        containerStatuses: fc.array(
          partly({
            name: fc.constantFrom('step', 'inference', 'other'),
            state: partly({
              waiting: partly({ reason: words, message: words }),
              terminated: partly({
                exitCode: fc.constantFrom(0, 1, 11, 13, 137, -1),
                message: messages,
                finishedAt: times,
              }),
            }),
          }),
          { maxLength: 2 },
        ),
      }),
      absent,
    ),
    fc.nat(5),
  )
  .map(([meta, status, uid]) => {
    const ownerReferences = [{ kind: 'Job', name: 'x', apiVersion: 'batch/v1', uid: `uid-${uid}` }];
    const pod = { kind: 'Pod', metadata: { ...meta, ownerReferences }, status };
    return pod as unknown as Pod;
  });

const anyDeployment = fc
  .tuple(
    metadata(fc.constant(stableName('pictograms'))),
    fc.option(partly({ replicas: fc.integer(), template: fc.constant({}) }), absent),
    fc.option(
      partly({
        conditions,
        observedGeneration: fc.nat(3),
        replicas: fc.nat(3),
        updatedReplicas: fc.nat(3),
        availableReplicas: fc.nat(3),
      }),
      absent,
    ),
  )
  .map(
    ([meta, spec, status]) =>
      ({ kind: 'Deployment', metadata: meta, spec, status }) as unknown as Deployment,
  );

const anyService = fc
  .tuple(
    metadata(fc.constantFrom('pictograms', stableName('pictograms'))),
    fc.option(partly({ selector: fc.constant({ app: 'x' }), ports: fc.constant([]) }), absent),
  )
  .map(([meta, spec]) => ({ kind: 'Service', metadata: meta, spec }) as unknown as Service);

/** Places in a life to begin from. */
const lives = fc.constantFrom<((cluster: Cluster) => void)[]>(
  () => undefined,
  (c) => void c.step(),
  (c) => {
    c.step();
    c.succeed('snapshot', snapshotMessage());
    c.step();
  },
  (c) => {
    c.serve('d', 'a');
  },
);

/** JSON knows no undefined, and an API server sends none: absent instead. */
const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('decide, whatever is seen', () => {
  it('never throws, never makes a Job that is there, moves nothing without a Pass, says everything in known words', () => {
    fc.assert(
      fc.property(
        lives,
        fc.record({
          jobs: fc.array(anyJob, { maxLength: 5 }),
          pods: fc.array(anyPod, { maxLength: 5 }),
          deployment: fc.option(anyDeployment, { nil: undefined }),
          services: fc.array(anyService, { maxLength: 2 }),
          lost: fc.array(releases, { maxLength: 2 }),
          status: fc.option(fc.anything({ maxDepth: 3 }), { nil: undefined }),
          laterMs: fc.integer({ min: -7200_000, max: 14 * 24 * 3600_000 }),
        }),
        (live, hostile) => {
          const cluster = new Cluster();
          live(cluster);
          const seen = cluster.look();
          const { laterMs, status, deployment, ...rest } = hostile;
          const observed: Observation = {
            ...seen,
            ...asJson(rest),
            jobs: [...seen.jobs, ...asJson(rest.jobs)],
            deployment: deployment && asJson(deployment),
            now: new Date(seen.now.getTime() + laterMs),
            modelRelease:
              status === undefined
                ? seen.modelRelease
                : { ...seen.modelRelease, status: status as never },
          };
          const plan = decide(observed);

          const present = observed.jobs.map(({ metadata: { name } }) => name);
          for (const { metadata: made } of plan.create) expect(present).to.not.include(made.name);
          expect(plan.create.length).to.be.at.most(1);
          expect(plan.begin.length).to.be.at.most(2);
          expect(plan.requeueAfterMs ?? 0).to.satisfy(
            (wait: number) => Number.isFinite(wait) && wait >= 0,
          );
          for (const { reason, note } of plan.events) {
            expect(reasons).to.have.property(reason);
            expect(note).to.not.equal('');
          }
          for (const { reason, message } of plan.status?.conditions ?? []) {
            expect(reasons).to.have.property(reason);
            expect(message).to.not.equal('');
          }
          const before = lastGood(observed.runs)?.release;
          const after = plan.status?.serving?.release;
          if (after !== undefined && after !== before)
            expect(plan.note.some(({ record }) => record.metadata.name === after)).to.equal(true);
          const owned = [...plan.apply, ...plan.create].every(({ metadata: { ownerReferences } }) =>
            ownerReferences?.some(({ uid }) => uid === owner.uid),
          );
          expect(owned).to.equal(true);
          const removed = plan.remove.filter(
            ({ metadata: { ownerReferences } }) =>
              !ownerReferences?.some(({ uid }) => uid === owner.uid),
          );
          expect(removed, "somebody else's").to.deep.equal([]);
        },
      ),
      { numRuns: 1_000 },
    );
  }).timeout(120_000);
});
