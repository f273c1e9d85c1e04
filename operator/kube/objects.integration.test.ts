import { expect } from 'chai';
import type { ControlPlane } from '../../hack/cluster/control-plane.ts';
import { createEventRecorder } from './events.ts';
import { listAll } from './list.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { createObjects, type Objects } from './objects.ts';
import {
  type ConfigMap,
  configMap,
  configMaps,
  errorOf,
  job,
  type RealApi,
  startRealApi,
  until,
} from './real-api.ts';
import { deployments, events, jobs } from './resource.ts';
import type { Exchange, Transport } from './transport.ts';

describe('verbs on a real API server', () => {
  let api: RealApi;
  let plane: ControlPlane;
  let transport: Transport;
  let objects: Objects;
  let exchanges: Exchange[];

  before(async () => {
    api = await startRealApi();
    ({ plane, transport, objects, exchanges } = api);
  });
  after(() => api?.stop());

  it('creates once: the second time the name is taken', async () => {
    const made = await objects.create(configMaps, configMap('once'));
    expect(made.metadata.uid).to.be.a('string');
    const error = await errorOf(objects.create(configMaps, configMap('once')));
    expect(error).to.include({ status: 409, reason: 'AlreadyExists', object: 'default' });
  });

  it('answers undefined for what is not there', async () => {
    expect(await objects.get(configMaps, { namespace: 'default', name: 'nobody' })).to.equal(
      undefined,
    );
  });

  it('applies: removes what it no longer names, and leaves what others own', async () => {
    await objects.apply(configMaps, configMap('applied', { ours: '1', dropped: '1' }));
    const other = createObjects({ transport, fieldManager: 'somebody' });
    await other.apply(configMaps, configMap('applied', { theirs: '2' }));
    const { data } = await objects.apply<ConfigMap>(
      configMaps,
      configMap('applied', { ours: '1e3' }),
    );
    expect(data).to.deep.equal({ ours: '1e3', theirs: '2' });
  });

  it('applies only to the object that was meant', async () => {
    const made = await objects.create(configMaps, configMap('meant'));
    const meant = { namespace: 'default', name: 'meant' };
    const stranger = { ...configMap('meant'), metadata: { ...meant, uid: crypto.randomUUID() } };
    const error = await errorOf(objects.apply(configMaps, stranger));
    expect(error).to.include({ status: 409, reason: 'Conflict' });
    await objects.apply(configMaps, configMap('meant', { a: '1' }));
    const { uid, resourceVersion } = made.metadata;
    const late = { ...configMap('meant'), metadata: { ...meant, uid, resourceVersion } };
    expect((await errorOf(objects.apply(configMaps, late))).reason).to.equal('Conflict');
  });

  it('says which field an apply without force would take from whom', async () => {
    await objects.apply(configMaps, configMap('contested', { a: '1' }));
    const other = createObjects({ transport, fieldManager: 'somebody' });
    const error = await errorOf(
      other.apply(configMaps, configMap('contested', { a: '2' }), { force: false }),
    );
    expect(error.message).to.contain('.data.a').and.to.contain('shelfwise-test');
  });

  it('removes that object and no other of its name', async () => {
    const first = await objects.create(configMaps, configMap('gone'));
    expect(await objects.remove(configMaps, first)).to.equal(true);
    expect(await objects.remove(configMaps, first)).to.equal(false);
    await objects.create(configMaps, configMap('gone'));
    expect(await errorOf(objects.remove(configMaps, first))).to.include({
      status: 409,
      reason: 'Conflict',
    });
  });

  it('removes an unchanged object only, when asked', async () => {
    const read = await objects.create(configMaps, configMap('moved'));
    await objects.apply(configMaps, configMap('moved', { a: '1' }));
    const error = await errorOf(objects.remove(configMaps, read, { onlyIfUnchanged: true }));
    expect(error.reason).to.equal('Conflict');
    expect(await objects.remove(configMaps, read)).to.equal(true);
  });

  it('deletes the pods of a Job with it', async () => {
    const made = await objects.create(jobs, job('with-pod'));
    const pods = {
      resource: { apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
      labelSelector: 'job-name=with-pod',
    };
    await until('its pod', async () => (await listAll(transport, pods)).items[0]);
    await objects.remove(jobs, made);
    await until(
      'the end of its pod',
      async () => (await listAll(transport, pods)).items.length === 0 || undefined,
    );
  });

  it('replaces the whole status, of the version that was read', async () => {
    const name = { namespace: 'default', name: 'with-status' };
    await objects.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: name,
      spec: {
        paused: true,
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { containers: [{ name: 'c', image: 'nothing' }] },
        },
      },
    } as KubernetesObject);
    const stale = await until('the controller', async () => {
      const live = await objects.get<
        KubernetesObject & { status?: { observedGeneration?: number } }
      >(deployments, name);
      return live?.status?.observedGeneration ? live : undefined;
    });
    await plane.kill('kube-controller-manager', 'SIGKILL');
    try {
      const live = await objects.get(deployments, name);
      const written = await objects.updateStatus<KubernetesObject & { status?: unknown }>(
        deployments,
        live as Stored<KubernetesObject>,
        { collisionCount: 7 },
      );
      expect(written.status).to.deep.equal({ collisionCount: 7 });
      const error = await errorOf(objects.updateStatus(deployments, stale, { collisionCount: 8 }));
      expect(error).to.include({ status: 409, reason: 'Conflict' });
    } finally {
      await plane.restart('kube-controller-manager');
    }
  });

  it('sets and removes annotations, of the version that was read', async () => {
    const read = await objects.create(configMaps, configMap('noted'));
    const written = await objects.patchAnnotations(configMaps, read, {
      'a.b/c': '1',
      'a.b/d': '2',
    });
    const { metadata } = await objects.patchAnnotations(configMaps, written, { 'a.b/c': null });
    expect(metadata.annotations).to.deep.equal({ 'a.b/d': '2' });
    expect((await errorOf(objects.patchAnnotations(configMaps, read, {}))).reason).to.equal(
      'Conflict',
    );
  });

  it('passes the API server’s words on an invalid object', async () => {
    const error = await errorOf(objects.create(configMaps, configMap('Not_A_Name')));
    expect(error).to.include({ status: 422, reason: 'Invalid' });
    expect(error.message)
      .to.contain('Cannot create configmaps default: ')
      .and.to.contain('metadata.name');
  });

  it('writes events that the API takes, and counts repetitions', async () => {
    const regarding = await objects.create(configMaps, configMap('told'));
    const failures: Error[] = [];
    const recorder = createEventRecorder({
      transport,
      reportingController: 'shelfwise.dev/test',
      reportingInstance: 'test-1',
      onFailure: (error) => failures.push(error),
    });
    for (let i = 0; i < 4; i++) {
      recorder.record({
        regarding: { ...regarding, kind: 'ConfigMap', apiVersion: 'v1' },
        type: 'Normal',
        reason: 'Told',
        action: 'Tell',
        note: 'A sentence.',
      });
    }
    await recorder.flush();
    expect(failures).to.deep.equal([]);
    type Event = KubernetesObject & { note: string; series?: { count: number } };
    const { items } = await listAll<Event>(transport, {
      resource: events,
      namespace: 'default',
      fieldSelector: 'reason=Told',
    });
    expect(items.map(({ note, series }) => [note, series?.count])).to.deep.equal([
      ['A sentence.', 4],
    ]);
  });

  it('has observed every exchange under the names that RBAC uses', () => {
    const names = new Set(exchanges.map(({ verb, resource }) => `${verb} ${resource}`));
    expect([...names]).to.include.members([
      'create configmaps',
      'patch configmaps',
      'delete configmaps',
      'get configmaps',
      'list pods',
      'create jobs.batch',
      'patch deployments.apps/status',
      'patch events.events.k8s.io',
    ]);
  });
});
