import { expect } from 'chai';
import { releaseLabel } from '../api/metadata.ts';
import { decide } from './decide.ts';
import { Cluster } from './fixtures/cluster.ts';
import { digest, snapshotMessage } from './fixtures/messages.ts';
import { defaults } from './fixtures/model-release.ts';
import type { Defaults } from './observation.ts';
import { type ServingTemplate, servingTemplates } from './serving-template.ts';

/** A second version, as a later operator may have it: pods get more time to say goodbye. */
const second: ServingTemplate = (context) => {
  const template = servingTemplates[0]?.(context);
  if (!template?.spec) throw new Error('Version 1 is gone.');
  return { ...template, spec: { ...template.spec, terminationGracePeriodSeconds: 120 } };
};
const newer: Defaults = {
  trainerImage: 'registry.example/trainer:2',
  snapshotImage: 'registry.example/snapshot:2',
  inferenceImage: 'registry.example/inference:2',
  imagePullPolicy: 'Always',
  templates: [...servingTemplates, second],
};

/** The first release serves, begun by the first operator. */
function serving(): Cluster {
  const cluster = new Cluster();
  cluster.serve('a');
  return cluster;
}

function afterAWeek(cluster: Cluster): Cluster {
  cluster.now = new Date('2026-11-29T03:00:00Z');
  return cluster;
}

const pods = (cluster: Cluster) => {
  const { metadata, spec } = cluster.deployment?.spec?.template ?? {};
  const { image, imagePullPolicy } = spec?.containers[0] ?? {};
  const goodbye = spec?.terminationGracePeriodSeconds;
  return { release: metadata?.labels?.[releaseLabel], image, imagePullPolicy, goodbye };
};
const old = {
  release: 'pictograms-20261122-020000',
  image: 'registry.example/inference:1',
  imagePullPolicy: 'IfNotPresent',
  goodbye: 60,
};
const fresh = {
  release: 'pictograms-20261129-030000',
  image: 'registry.example/inference:2',
  imagePullPolicy: 'Always',
  goodbye: 120,
};

describe('an upgrade of the operator', () => {
  it('with other images, another pull policy and a new pod template restarts nothing', () => {
    const cluster = serving();
    cluster.defaults = newer;
    const { requeueAfterMs: _, ...plan } = decide(cluster.look());
    expect(Object.values(plan).flat().filter(Boolean)).to.deep.equal([]);
    expect(pods(cluster)).to.deep.equal(old);
  });

  it('brings its own pod template in with the next release', () => {
    const cluster = afterAWeek(serving());
    cluster.defaults = newer;
    cluster.pass('b');
    expect(pods(cluster)).to.deep.equal(fresh);
    cluster.becomeReady();
    cluster.step();
    expect(cluster.modelRelease.status?.serving?.release).to.equal(fresh.release);
  });

  it('finishes a run that had begun before as it began, its Jobs included', () => {
    const cluster = afterAWeek(serving());
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage(digest('b')));
    cluster.defaults = newer;
    cluster.pass('b');
    expect(pods(cluster)).to.deep.equal({ ...old, release: fresh.release });
    const step = cluster.job('evaluate').spec?.template.spec?.containers[0];
    expect(step?.image).to.equal('registry.example/inference:1');
    expect(step?.imagePullPolicy).to.equal('IfNotPresent');
  });

  it('goes back to model, image, pull policy and pod template of the last good release', () => {
    const cluster = serving();
    const before = cluster.deployment?.spec?.template;
    cluster.defaults = newer;
    afterAWeek(cluster).pass('b');
    cluster.getStuck();
    cluster.step();
    expect(cluster.modelRelease.status?.history?.[0]?.outcome).to.equal('RolledBack');
    expect(cluster.deployment?.spec?.template).to.deep.equal(before);
  });

  it('lets a person change spec.serving, under the version of the template that serves', () => {
    const cluster = serving();
    cluster.defaults = newer;
    const { spec } = cluster.modelRelease;
    const serving5 = { ...spec.serving, replicas: 5, nodeSelector: { pool: 'cpu' } };
    cluster.modelRelease = { ...cluster.modelRelease, spec: { ...spec, serving: serving5 } };
    cluster.step();
    expect(pods(cluster)).to.deep.equal(old);
    expect(cluster.deployment?.spec?.replicas).to.equal(5);
    expect(cluster.deployment?.spec?.template.spec?.nodeSelector).to.deep.equal({ pool: 'cpu' });
  });

  it('takes a record without version and pull policy for one of version 1 and of the present setting', () => {
    const cluster = serving();
    for (const [name, record] of cluster.records) {
      const { template: _, imagePullPolicy: __, ...data } = record.data as Record<string, unknown>;
      cluster.records.set(name, { ...record, data });
    }
    cluster.defaults = { ...newer, imagePullPolicy: 'IfNotPresent' };
    expect(decide(cluster.look()).apply).to.deep.equal([]);
  });

  it('finishes a run whose record knows nothing of checkpoints, search and tracking: its trainer is told of none', () => {
    const cluster = afterAWeek(serving());
    cluster.step();
    for (const [name, record] of cluster.records) {
      const data = structuredClone(record.data) as { spec: { training: Record<string, unknown> } };
      delete data.spec.training.checkpointMinutes;
      cluster.records.set(name, { ...record, data });
    }
    cluster.pass('b');
    const args = cluster.job('train').spec?.template.spec?.containers[0]?.args ?? [];
    expect(args.filter((arg) => arg.startsWith('--'))).to.deep.equal([
      ...['--store', '--dataset', '--release', '--owner-uid', '--architecture', '--image-size'],
      ...['--image-backbone', '--seed', '--parent-release', '--code-image'],
    ]);
    expect(pods(cluster).release).to.equal(fresh.release);
  });

  it('to an older one leaves what serves alone, and says that its record is of a newer operator', () => {
    const cluster = afterAWeek(serving());
    cluster.defaults = newer;
    cluster.pass('b');
    cluster.becomeReady();
    cluster.step();
    cluster.defaults = defaults;
    const plan = decide(cluster.look());
    expect([...plan.apply, ...plan.remove, ...plan.create]).to.deep.equal([]);
    expect(pods(cluster)).to.deep.equal(fresh);
    const degraded = plan.status?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded?.reason).to.equal('RecordUnreadable');
    expect(degraded?.message).to.include(`${fresh.release} is of a newer operator`);
  });
});
