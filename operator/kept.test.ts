import { expect } from 'chai';
import { history } from '../hack/bench-operator/history.ts';
import type { ControllerRevision, Job, Pod } from './api/kubernetes.ts';
import { createKept } from './kept.ts';
import { modelRelease } from './release/fixtures/model-release.ts';
import { buildRecord, readRecord } from './release/record.ts';
import type { Run } from './release/run.ts';

const owner = modelRelease();
const wire = <T>(value: unknown): T => JSON.parse(JSON.stringify(value));
const record = (run: Run): ControllerRevision => wire(buildRecord(run, owner));

describe('what is kept of objects', () => {
  const runs = history(owner, 6, new Date('2026-11-22T02:00:00Z'));

  it('is all that a record tells, but the recalls of classes', () => {
    const kept = createKept();
    for (const run of runs) {
      const { evaluation } = run;
      const known = {
        ...run,
        ...(evaluation && { evaluation: { ...evaluation, lowestRecalls: [] } }),
      };
      expect(readRecord(kept.ofRecord(record(run)))).to.deep.equal(wire(known));
    }
  });

  it('is one spec for all records of a ModelRelease, and for itself', () => {
    const kept = createKept();
    const { spec } = kept.ofObject(wire<typeof owner>(owner));
    for (const run of runs) {
      const { data } = kept.ofRecord(record(run)) as unknown as { data: Run };
      expect(data.spec).to.equal(spec);
    }
  });

  it('is a record without data as it came', () => {
    const { data: _, ...empty } = record(runs[0] as Run);
    expect(createKept().ofRecord(wire(empty))).to.not.have.property('data');
  });

  it('is how a Job fares, and whether it is suspended', () => {
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
      spec: { suspend: true, template: { spec: { containers: [{ name: 'c' }] } } },
      status: { active: 1 },
    };
    const { suspend: _, ...going } = job.spec;
    const kept = createKept();
    const spec = { suspend: true, template: {} };
    expect(kept.ofJob(wire<Job>(job))).to.deep.equal({ ...job, spec });
    expect(kept.ofJob(wire<Job>({ ...job, spec: going })).spec).to.deep.equal({ template: {} });
  });

  it('is how a pod fares, and where', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
      spec: { nodeName: 'n', containers: [{ name: 'c' }] },
      status: { phase: 'Running' },
    };
    const { spec: _, ...unscheduled } = pod;
    const kept = createKept();
    expect(kept.ofPod(wire<Pod>(pod))).to.deep.equal({
      ...pod,
      spec: { nodeName: 'n', containers: [] },
    });
    expect(kept.ofPod(wire<Pod>({ ...unscheduled, spec: { containers: [] } }))).to.deep.equal(
      unscheduled,
    );
  });
});
