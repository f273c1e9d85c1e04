import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Pod } from '../api/kubernetes.ts';
import type { Reason } from '../api/reasons.ts';
import { Cluster } from './fixtures/cluster.ts';
import { modelRelease } from './fixtures/model-release.ts';

/** What a kubelet, a scheduler and controllers really said: made by hack/e2e/causes.ts on the local cluster. */
interface Real {
  pod?: Pick<Pod, 'status' | 'spec'>;
  event?: { reason: string; message: string };
}

const file = new URL('fixtures/causes.json', import.meta.url);
const real: Record<string, Real> = JSON.parse(readFileSync(file, 'utf8'));

/** How it ends, or for what it waits, and a piece of the words that a person gets to read. */
const ends: [cause: string, reason: Reason, says: string][] = [
  ['out of memory', 'OutOfMemory', 'more memory than its limit'],
  ['killed', 'Killed', 'without having reached its own memory limit'],
  ['deadline', 'DeadlineExceeded', 'active on the node longer than the specified deadline'],
  ['bad configuration', 'BadConfiguration', 'owner.json is of another cluster'],
  ['bad data', 'BadData', 'X_train.csv has no column designation'],
  ['diverged', 'Diverged', 'the loss is NaN in epoch 2'],
  ['no gpu', 'NoGPU', 'no GPU is visible'],
  ['store unreachable', 'StoreUnreachable', 'bucket models does not exist'],
  [
    'crash',
    'StepCrashed',
    "exit code 1: TypeError: Cannot read properties of undefined (reading 'x')",
  ],
  ['drained', 'Evicted', 'Eviction API: evicting'],
  ['deleted', 'Interrupted', 'exit code 20'],
  ['preempted', 'Preempted', 'preempting to accommodate a higher priority pod'],
  ['scratch full', 'ScratchFull', 'EmptyDir volume "scratch" exceeds the limit "1Mi"'],
  ['storage limit', 'ScratchFull', 'exceeds the total limit of containers 1Mi'],
  ['program missing', 'ContainerNotStarted', '/no/such/program'],
  ['init container', 'SidecarFailed', 'Container mesh-init, which is not Shelfwise'],
  ['node has no room', 'NodeRefused', "Node didn't have enough resource: nvidia.com/gpu"],
  ['node is another', 'NodeRefused', "didn't match Pod's node affinity/selector"],
];
const waits: [cause: string, reason: Reason, says: string][] = [
  ['no node', 'Unschedulable', '1 Insufficient nvidia.com/gpu'],
  ['claim missing', 'Unschedulable', 'persistentvolumeclaim "data" not found'],
  ['image not found', 'ImagePull', 'nothing:1: not found'],
  ['registry down', 'ImagePull', 'connection refused'],
  ['registry refuses', 'ImagePull', '401 Unauthorized'],
  ['runs as root', 'PodNotStarted', 'breaks non-root policy'],
  ['secret missing', 'MissingSecret', 'secret "s3" not found'],
  ['key missing', 'MissingSecret', 'references non-existent secret key: url'],
  ['service account missing', 'MissingServiceAccount', 'serviceaccount "trainer" not found'],
  ['runtime class missing', 'MissingRuntimeClass', 'RuntimeClass "nvidia" not found'],
  ['priority class missing', 'MissingPriorityClass', 'no PriorityClass with name low'],
  ['quota', 'QuotaExceeded', 'exceeded quota: gpus'],
  ['security policy', 'PodRefused', 'violates PodSecurity "restricted:latest"'],
];
const hopeless: [cause: string, reason: Reason, says: string] = [
  'image invalid',
  'InvalidImage',
  'repository name (library/UP) must be lowercase',
];

/** A cluster whose snapshot step meets what was met then. */
function meeting(cause: string): Cluster {
  const found = real[cause];
  if (!found) throw new Error(`${file.pathname} has no ${cause}.`);
  const cluster = new Cluster(modelRelease());
  cluster.step();
  const about = found.pod?.status
    ? cluster.stepPod('snapshot', found.pod.status)
    : cluster.job('snapshot');
  if (found.event) cluster.explanations.set(about.metadata.uid, { ...found.event, since: '' });
  return cluster;
}

describe('causes that a real cluster gave', () => {
  for (const [cause, reason, says] of ends) {
    it(`${cause}: the run fails with ${reason}`, () => {
      const cluster = meeting(cause);
      cluster.endJob('snapshot', 'Failed');
      cluster.step();
      const [last] = cluster.modelRelease.status?.history ?? [];
      expect(last?.message).to.include(says);
      expect(last?.reason).to.equal(reason);
    });
  }

  for (const [cause, reason, says] of waits) {
    it(`${cause}: the run waits with ${reason}`, () => {
      const cluster = meeting(cause);
      cluster.step();
      const { run, phase } = cluster.modelRelease.status ?? {};
      expect(run?.message).to.include(says);
      expect(run?.reason).to.equal(reason);
      expect(phase).to.equal('Waiting');
    });
  }

  for (const cause of ['quota', 'security policy']) {
    it(`${cause}: the status stands still while the next pod is tried, which has another name`, () => {
      const cluster = meeting(cause);
      cluster.step();
      const { uid } = cluster.job('snapshot').metadata;
      const before = cluster.explanations.get(uid);
      if (!before) throw new Error('No explanation.');
      const message = before.message.replace(/-[a-z0-9]{5}"/, '-zz9zz"');
      expect(message).to.not.equal(before.message);
      cluster.explanations.set(uid, { ...before, message });
      expect(cluster.step().status).to.equal(undefined);
    });
  }

  it(`${hopeless[0]}: the run fails at once with ${hopeless[1]}`, () => {
    const [cause, reason, says] = hopeless;
    const cluster = meeting(cause);
    cluster.step();
    const [last] = cluster.modelRelease.status?.history ?? [];
    expect(last?.message).to.include(says);
    expect(last?.reason).to.equal(reason);
  });

  it('are all looked at', () => {
    const looked = [...ends, ...waits, hopeless].map(([cause]) => cause);
    expect(looked.toSorted()).to.deep.equal(Object.keys(real).toSorted());
  });
});
