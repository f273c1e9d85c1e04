import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Job, Pod } from '../api/kubernetes.ts';
import {
  isOwnedBy,
  queueLabel,
  releaseLabel,
  runNowAnnotation,
  stepLabel,
} from '../api/metadata.ts';
import { timestamp } from '../api/names.ts';
import { reasons } from '../api/reasons.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import {
  digest,
  evaluateMessage,
  failure,
  snapshotMessage,
  trainMessage,
} from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';
import type { Plan } from './observation.ts';
import { isActive } from './run.ts';
import { hasEnded } from './step-state.ts';

/** Something that happens to a ModelRelease, done by people, by the cluster, or by a fault. */
interface Happening {
  name: string;
  [fc.toStringMethod]: () => string;
  do(cluster: Cluster): void;
}

function happening(name: string, act: (cluster: Cluster) => void): Happening {
  return {
    name,
    // What fast-check prints of it when a story goes wrong.
    [fc.toStringMethod]: () => name,
    do(cluster: Cluster) {
      try {
        act(cluster);
      } catch (error) {
        // It cannot happen now: there is no such Job or Deployment yet.
        if (!(error instanceof Error && /^There is no/.test(error.message))) throw error;
      }
    },
  };
}

/** What a real cluster said of pods and Jobs: hack/e2e/causes.ts. */
const realCauses: Record<
  string,
  Partial<{ pod: Pod; event: { reason: string; message: string } }>
> = JSON.parse(readFileSync(new URL('fixtures/causes.json', import.meta.url), 'utf8'));

const letters = fc.constantFrom('a', 'b', 'c');
const steps = fc.constantFrom('snapshot', 'train', 'evaluate');
const anyStatus = fc.record(
  {
    phase: fc.constantFrom('Pending', 'Running', 'Failed', 'Succeeded', 'Unknown'),
    reason: fc.constantFrom('Evicted', 'DeadlineExceeded', 'NodeLost'),
    message: fc.string(),
    conditions: fc.array(
      fc.record({
        type: fc.constantFrom('PodScheduled', 'DisruptionTarget', 'Ready'),
        status: fc.constantFrom('True', 'False'),
        reason: fc.string(),
        message: fc.string(),
      }),
      { maxLength: 2 },
    ),
    containerStatuses: fc.array(
      fc.record({
        name: fc.constant('step'),
        state: fc.oneof(
          fc.record({
            waiting: fc.record(
              {
                reason: fc.constantFrom(
                  'ContainerCreating',
                  'ImagePullBackOff',
                  'InvalidImageName',
                  'CrashLoopBackOff',
                  'CreateContainerConfigError',
                ),
                message: fc.string(),
              },
              { requiredKeys: [] },
            ),
          }),
          fc.record({ running: fc.constant({}) }),
          fc.record({
            terminated: fc.record(
              {
                exitCode: fc.constantFrom(0, 1, 10, 11, 12, 13, 14, 20, 21, 137),
                reason: fc.constantFrom('OOMKilled', 'Error'),
                message: fc.string(),
                finishedAt: fc.constant('2026-11-22T02:30:00Z'),
              },
              { requiredKeys: ['exitCode'] },
            ),
          }),
        ),
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

/** The active run's step ends well: without this hardly any random story would ever come to a verdict. */
const progress = fc
  .record({ letter: letters, accuracy: fc.constantFrom(0.9, 0.9, 0.9, 0.5, null) })
  .map(({ letter, accuracy }) =>
    happening(`the step goes well (${letter}, ${accuracy})`, (c) => {
      const step = c.modelRelease.status?.run?.step;
      if (step === 'snapshot') c.succeed(step, snapshotMessage(digest(letter)));
      if (step === 'train') c.succeed(step, trainMessage('x', digest(letter)));
      if (step === 'evaluate')
        c.succeed(step, evaluateMessage(c.question(), { accuracy, tar: digest(letter) }));
    }),
  );

const refusal = {
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 11 } },
};
/** By people, not by us: such a run may begin again, under the same names. */
const deletedRecords = new WeakMap<Cluster, string[]>();

const week = 7 * 24 * 3600_000;
const good: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: progress },
  {
    weight: 1,
    arbitrary: steps.map((step) =>
      happening(`${step} ends badly`, (c) => c.fail(step, failure(step, 'BadData', 'row 3'))),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constant(happening('the Deployment is ready', (c) => c.becomeReady())),
  },
  { weight: 1, arbitrary: fc.constant(happening('the Deployment is stuck', (c) => c.getStuck())) },
  {
    weight: 1,
    arbitrary: fc.constant(
      happening('a serving pod refuses', (c) => void c.servingPod({ phase: 'Running' }, refusal)),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constant(
      happening('a week passes at rest', (c) => {
        if (!c.modelRelease.status?.run) c.now = new Date(c.now.getTime() + week);
      }),
    ),
  },
);

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  letters.map((letter) =>
    happening(`snapshot finds ${letter}`, (c) =>
      c.succeed('snapshot', snapshotMessage(digest(letter))),
    ),
  ),
  letters.map((letter) =>
    happening(`train ends (${letter})`, (c) =>
      c.succeed('train', trainMessage('x', digest(letter))),
    ),
  ),
  fc
    .record({
      accuracy: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
      tar: letters,
    })
    .map(({ accuracy, tar }) =>
      happening(`evaluate says ${accuracy}`, (c) =>
        c.succeed('evaluate', evaluateMessage(c.question(), { accuracy, tar: digest(tar) })),
      ),
    ),
  fc.constant(
    happening('evaluate answers something else', (c) =>
      c.succeed('evaluate', evaluateMessage(c.question(), { dataset: digest('9') })),
    ),
  ),
  fc
    .tuple(steps, fc.option(fc.string(), { nil: undefined }))
    .map(([step, text]) =>
      happening(`${step} leaves ${JSON.stringify(text)}`, (c) => c.succeed(step, text)),
    ),
  steps.map((step) =>
    happening(`${step} fails`, (c) => c.fail(step, failure(step, 'BadData', 'row 3 is empty'))),
  ),
  fc
    .tuple(steps, anyStatus, letters)
    .map(([step, status, suffix]) =>
      happening(
        `a pod of ${step} is ${JSON.stringify(status)}`,
        (c) => void c.stepPod(step, status as NonNullable<Pod['status']>, suffix),
      ),
    ),
  fc
    .tuple(steps, fc.constantFrom(...Object.keys(realCauses)), letters)
    .map(([step, cause, suffix]) =>
      happening(`a pod of ${step} meets: ${cause}`, (c) => {
        const { pod, event } = realCauses[cause] ?? {};
        const about = pod?.status ? c.stepPod(step, pod.status, suffix) : c.job(step);
        if (event) c.explanations.set(about.metadata.uid, { ...event, since: '' });
      }),
    ),
  fc.tuple(steps, fc.boolean(), fc.boolean()).map(([step, suspend, queued]) =>
    happening(`${step} is ${suspend ? 'suspended' : 'resumed'} (queue: ${queued})`, (c) => {
      const job = c.job(step);
      const labels = { ...job.metadata.labels, ...(queued ? { [queueLabel]: 'gpus' } : {}) };
      const lastTransitionTime = timestamp(c.now);
      const condition = {
        type: 'Suspended',
        status: suspend ? 'True' : 'False',
        lastTransitionTime,
      };
      c.jobs.set(job.metadata.name, {
        ...job,
        metadata: { ...job.metadata, labels },
        spec: { ...job.spec, suspend } as NonNullable<Job['spec']>,
        status: { ...job.status, conditions: [...(job.status?.conditions ?? []), condition] },
      });
    }),
  ),
  fc.tuple(letters, fc.integer({ min: -600, max: 60 })).map(([suffix, seconds]) =>
    happening(`a pod ${suffix} was told to go ${seconds} s from now`, (c) => {
      const deletionTimestamp = timestamp(new Date(c.now.getTime() + seconds * 1000));
      for (const [name, pod] of c.pods) {
        if (name.endsWith(`-${suffix}`))
          c.pods.set(name, { ...pod, metadata: { ...pod.metadata, deletionTimestamp } });
      }
    }),
  ),
  fc
    .tuple(steps, fc.constantFrom('Complete', 'Failed'))
    .map(([step, type]) =>
      happening(`${step} is ${type} without a pod`, (c) => c.endJob(step, type as 'Complete')),
    ),
  fc.constant(happening('the Deployment is ready', (c) => c.becomeReady())),
  fc.constant(happening('the Deployment is ready', (c) => c.becomeReady())),
  fc.constant(happening('the Deployment is stuck', (c) => c.getStuck())),
  fc.constantFrom(1, 11, 21).map((exitCode) =>
    happening(
      `a serving pod ends with ${exitCode}`,
      (c) =>
        void c.servingPod(
          { phase: 'Running' },
          {
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode } },
          },
        ),
    ),
  ),
  fc.integer({ min: 1, max: 14 * 24 * 3600 }).map((seconds) =>
    happening(`${seconds} s pass`, (c) => {
      c.now = new Date(c.now.getTime() + seconds * 1000);
    }),
  ),
  fc.integer({ min: -3600, max: 3600 }).map((seconds) =>
    happening(`run-now at ${seconds}`, (c) => {
      const at = new Date(c.now.getTime() + seconds * 1000).toISOString();
      c.modelRelease = {
        ...c.modelRelease,
        metadata: { ...c.modelRelease.metadata, annotations: { [runNowAnnotation]: at } },
      };
    }),
  ),
  fc.constant(
    happening('run-now is nonsense', (c) => {
      c.modelRelease = {
        ...c.modelRelease,
        metadata: { ...c.modelRelease.metadata, annotations: { [runNowAnnotation]: 'now' } },
      };
    }),
  ),
  fc
    .record({
      schedule: fc.constantFrom(
        spec.schedule,
        { ...spec.schedule, suspend: true },
        { ...spec.schedule, cron: '61 * * * *' },
        { ...spec.schedule, timeZone: 'Mars/Base' },
      ),
      historyLimit: fc.constantFrom(1, 2, 10),
      gate: fc.constantFrom(spec.gate, { metrics: [{ name: 'macroF1' as const, minimum: '0.9' }] }),
      serving: fc.constantFrom(spec.serving, {
        ...spec.serving,
        replicas: 3,
        resources: { limits: { cpu: 0.5, memory: '1024Mi' } },
      }),
    })
    .map((change) =>
      happening(`the spec changes ${JSON.stringify(change)}`, (c) => {
        const { metadata } = c.modelRelease;
        c.modelRelease = {
          ...c.modelRelease,
          spec: { ...spec, ...change },
          metadata: { ...metadata, generation: (metadata.generation ?? 1) + 1 },
        };
      }),
    ),
  fc.constant(
    happening('the status is deleted', (c) => {
      const { status: _, ...rest } = c.modelRelease;
      c.modelRelease = rest;
    }),
  ),
  fc.constant(
    happening('the Deployment is deleted', (c) => {
      c.deployment = undefined;
    }),
  ),
  fc.constant(happening('the Services are deleted', (c) => c.services.clear())),
  steps.map((step) =>
    happening(`the ${step} Job is deleted`, (c) => c.removeJob(c.job(step).metadata.name)),
  ),
  fc.constant(happening('the pods are deleted', (c) => c.pods.clear())),
  fc.constantFrom('snapshot', 'verdict', 'outcome').map((part) =>
    happening(`${part} of a record is broken`, (c) => {
      const record = [...c.records.values()].at(-1);
      if (!record) return;
      const annotations = { ...record.metadata.annotations, [`shelfwise.dev/${part}`]: '{"x":' };
      c.records.set(record.metadata.name, {
        ...record,
        metadata: { ...record.metadata, annotations },
      });
    }),
  ),
  fc.constant(
    happening('a record is deleted', (c) => {
      const name = [...c.records.keys()].at(-1);
      if (name === undefined) return;
      c.records.delete(name);
      deletedRecords.set(c, [...(deletedRecords.get(c) ?? []), name]);
    }),
  ),
  fc.integer({ min: -7200, max: -1 }).map((seconds) =>
    happening(`the clock is put back by ${-seconds} s`, (c) => {
      c.now = new Date(c.now.getTime() + seconds * 1000);
    }),
  ),
  fc.constantFrom('spec.replicas', 'labels', 'owner').map((what) =>
    happening(`${what} of the Deployment is changed`, (c) => {
      if (!c.deployment) return;
      const { metadata, spec: template } = c.deployment;
      const labels = { ...metadata.labels, [releaseLabel]: 'pictograms-20200101-000000' };
      const changed = {
        'spec.replicas': { spec: { ...template, replicas: 0 } },
        labels: { metadata: { ...metadata, labels } },
        owner: { metadata: { ...metadata, ownerReferences: [] } },
      }[what];
      c.deployment = { ...c.deployment, ...changed } as typeof c.deployment;
    }),
  ),
  fc.anything({ maxDepth: 3 }).map((value) =>
    happening(`the status becomes ${fc.stringify(value)}`, (c) => {
      const before = c.modelRelease.status ?? {};
      const fields = Object.fromEntries(Object.keys(before).map((field) => [field, value]));
      c.modelRelease = { ...c.modelRelease, status: fields as typeof before };
    }),
  ),
  fc.constant(
    happening("a Job becomes somebody else's", (c) => {
      const job = [...c.jobs.values()].at(-1);
      if (job)
        c.jobs.set(job.metadata.name, {
          ...job,
          metadata: { ...job.metadata, ownerReferences: [] },
        } as Job);
    }),
  ),
);

function isEmpty(plan: Plan): boolean {
  const { requeueAfterMs: _, ...work } = plan;
  return Object.values(work).every(
    (part) => part === undefined || (Array.isArray(part) && part.length === 0),
  );
}

/** Every word that a plan says is on the list, every sentence is there, each event has its write, and the next look is at a time. */
function expectWellSaid(plan: Plan): void {
  const { status, events, requeueAfterMs } = plan;
  const { begin, note, create, apply, remove } = plan;
  const written = [...begin, ...note.map(({ record }) => record), ...create, ...apply, ...remove];
  const writes = written.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  for (const { reason, tellsOf } of events)
    expect(
      writes.filter((write) => write === tellsOf),
      `write of ${reason}`,
    ).to.have.length(1);
  const said = [
    ...events.map(({ reason, note }) => ({ reason, message: note })),
    ...(status?.conditions ?? []),
    ...(status?.history ?? []),
    ...[status?.run, status?.candidate].filter((each) => each !== undefined),
  ];
  for (const { reason, message } of said) {
    expect(reasons).to.have.property(reason ?? '');
    expect(message, `message of ${reason}`).to.be.a('string').that.is.not.empty;
  }
  const wait = requeueAfterMs ?? 0;
  expect(Number.isFinite(wait) && wait >= 0, `looks again after ${wait} ms`).to.equal(true);
}

/** Steps of which two Jobs of ours are at work. */
function workingTwice(cluster: Cluster): string[] {
  const steps = [...cluster.jobs.values()]
    .filter((job) => !hasEnded(job) && isOwnedBy(job, cluster.modelRelease))
    .map(({ metadata }) => `${metadata.labels?.[releaseLabel]} ${metadata.labels?.[stepLabel]}`);
  return steps.filter((step, at) => steps.indexOf(step) !== at);
}

describe('decide, whatever happens', () => {
  it('never throws, never doubles a run, rolls out only what passed, and comes to rest', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: happenings }), {
          minLength: 10,
          maxLength: 40,
          size: 'max',
        }),
        (story) => {
          const cluster = new Cluster(modelRelease());
          const begun = new Set<string>();
          for (const each of [happening('it is applied', () => undefined), ...story]) {
            each.do(cluster);
            const plan = decide(cluster.look());
            for (const { metadata } of plan.begin) {
              const again = deletedRecords.get(cluster)?.includes(metadata.name);
              if (!again)
                expect(begun, `${metadata.name} begins twice`).to.not.include(metadata.name);
              begun.add(metadata.name);
            }
            for (const { metadata } of plan.create) {
              expect([...cluster.jobs.keys()]).to.not.include(metadata.name);
            }
            expectWellSaid(plan);
            const before = cluster.modelRelease.status?.serving?.release;
            cluster.carryOut(plan);
            // An outcome has to be in the records before its run may be pruned: that takes a second look.
            const rest = decide(cluster.look());
            expectWellSaid(rest);
            cluster.carryOut(rest);
            // Where records were deleted, a run waits for the Jobs of another to be gone.
            if (!deletedRecords.has(cluster)) {
              expect(
                isEmpty({ ...rest, remove: [], status: undefined }),
                `busy after: ${each.name}`,
              ).to.equal(true);
            } else {
              for (let look = 0; look < 3; look++) cluster.step();
            }
            expect(isEmpty(decide(cluster.look())), `still busy after: ${each.name}`).to.equal(
              true,
            );

            const { runs } = cluster.look();
            for (const run of runs) reached.add(run.outcome?.outcome ?? 'none');
            expect(runs.filter(isActive).length).to.be.at.most(1);
            expect(workingTwice(cluster), 'two Jobs of one step').to.deep.equal([]);
            const after = cluster.modelRelease.status?.serving?.release;
            const served = runs.find((run) => run.release === after);
            if (after !== before && after !== undefined)
              expect(served?.verdict?.verdict, `serving moves to ${after}`).to.equal('Pass');
            const ours = cluster.deployment && isOwnedBy(cluster.deployment, cluster.modelRelease);
            const release = ours && cluster.deployment?.metadata.labels?.[releaseLabel];
            const record = release && runs.find((run) => run.release === release);
            if (record) expect(record.verdict?.verdict, `${release} serves`).to.equal('Pass');
          }
        },
      ),
      { numRuns: 60 },
    );
    // Else the stories would have become so short that nothing above was tried.
    expect([...reached]).to.include.members(['Served', 'GateFailed', 'RolledBack', 'RunFailed']);
  });
});
