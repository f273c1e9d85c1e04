/** A Job that the API server does not take: which ends its run, and when. */
import { expect } from 'chai';
import type { Reason } from '../api/reasons.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { snapshotMessage } from './fixtures/messages.ts';
import { modelRelease, spec } from './fixtures/model-release.ts';

const release = 'pictograms-20261122-020000';
const limit = 600;
const words = 'Cannot create jobs.batch shop: jobs is forbidden';

/** The step begins now; what came before it took longer than the limit. */
function beginning(step: string): Cluster {
  const training = { ...spec.training, schedulingTimeoutSeconds: limit };
  // No other run is due before all is looked at.
  const schedule = { ...spec.schedule, cron: '0 3 * * 1' };
  const cluster = new Cluster(modelRelease({ spec: { schedule, training } }));
  const results: Record<string, string | undefined> = {
    snapshot: snapshotMessage(),
    train: undefined,
  };
  cluster.step();
  for (const [before, result] of Object.entries(results)) {
    if (before === step) break;
    pass(cluster, 7 * limit);
    cluster.succeed(before, result);
    cluster.step();
  }
  // It was never taken, and no status tells of it.
  cluster.jobs.delete(`${release}-${step}`);
  const { status, ...rest } = cluster.modelRelease;
  const { job: _, ...run } = status?.run ?? {};
  cluster.modelRelease = { ...rest, status: { ...status, run } } as typeof cluster.modelRelease;
  return cluster;
}

function pass(cluster: Cluster, seconds: number): void {
  cluster.now = new Date(cluster.now.getTime() + seconds * 1000);
}

function lookAfter(
  step: string,
  { seconds, mayPass, reason }: { seconds: number; mayPass: boolean; reason: Reason },
) {
  const cluster = beginning(step);
  pass(cluster, seconds);
  const job = { name: `${release}-${step}`, release, mayPass };
  return {
    cluster,
    plan: decide({ ...cluster.look(), obstacle: { reason, message: words, job } }),
  };
}

const cases: [mayPass: boolean, seconds: number, ends: boolean][] = [
  [true, 0, false],
  [true, limit - 1, false],
  [true, limit, true],
  [true, 9 * limit, true],
  // For good: there is nothing to wait for.
  [false, 0, true],
];

describe('a Job that the API server does not take', () => {
  for (const step of ['snapshot', 'train', 'evaluate']) {
    for (const reason of ['QuotaExceeded', 'Refused'] as const) {
      for (const [mayPass, seconds, ends] of cases) {
        const what = `${step} (${reason}${mayPass ? '' : ', for good'}), ${seconds} of ${limit} s after it began`;
        it(`${what}: ${ends ? 'its run ends' : 'it is asked for again'}`, () => {
          const { plan } = lookAfter(step, { seconds, mayPass, reason });
          const degraded = plan.status?.conditions?.find(({ type }) => type === 'Degraded');
          const told = degraded?.message?.split(words).length;
          expect(told, `${degraded?.message}`).to.equal(2);
          if (!ends) {
            expect(plan.create.map(({ metadata }) => metadata.name)).to.deep.equal([
              `${release}-${step}`,
            ]);
            expect(plan.events).to.deep.equal([]);
            expect(degraded).to.include({ status: 'True', reason });
            return;
          }
          const last = plan.status?.history?.[0];
          const patience = ` within spec.training.schedulingTimeoutSeconds (${limit} s)`;
          expect(last).to.include({
            outcome: 'RunFailed',
            reason: mayPass ? reason : 'Refused',
            message: `${step} could not begin${mayPass ? patience : ''}: ${words}`,
          });
          expect(plan.events.map((event) => event.reason)).to.deep.equal(['RunFailed']);
          expect(plan.create).to.deep.equal([]);
        });
      }
    }
  }

  it('that of another run ends nothing', () => {
    const cluster = beginning('train');
    pass(cluster, 9 * limit);
    const job = { name: 'pictograms-20261101-020000-train', release: 'x', mayPass: true };
    const plan = decide({
      ...cluster.look(),
      obstacle: { reason: 'Refused', message: words, job },
    });
    expect(plan.create).to.have.length(1);
    expect(plan.events).to.deep.equal([]);
  });
});
