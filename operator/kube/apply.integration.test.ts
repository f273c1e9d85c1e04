import type { V1Deployment, V1Service } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Stored, Wire } from './object.ts';
import { createObjects, type Objects } from './objects.ts';
import { errorOf, type RealApi, startRealApi } from './real-api.ts';
import { deployments, services } from './resource.ts';

type Deployment = Wire<V1Deployment>;
type Service = Wire<V1Service>;

const at = (name: string) => ({ namespace: 'default', name });

/** What differs between a first and a second wish. */
interface Wish {
  environment?: Record<string, string>;
  nodeSelector?: Record<string, string>;
  annotations?: Record<string, string>;
  replicas?: number;
}

function deployment(name: string, wish: Wish): Deployment {
  const { environment = {}, nodeSelector, annotations, replicas } = wish;
  const env = Object.entries(environment).map(([key, value]) => ({ name: key, value }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...at(name), ...(annotations && { annotations }) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      // The controller would write its status in between.
      paused: true,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [{ name: 'c', image: 'nothing', ...(env.length > 0 && { env }) }],
          ...(nodeSelector && { nodeSelector }),
        },
      },
    },
  };
}

describe('objects that are created first and applied later, on a real API server', () => {
  let api: RealApi;
  let ours: Objects;
  before(async () => {
    api = await startRealApi();
    ours = createObjects({ transport: api.transport, fieldManager: 'shelfwise' });
    await api.plane.kill('kube-controller-manager', 'SIGKILL');
  });
  after(() => api?.stop());

  async function read(name: string): Promise<Stored<Deployment>> {
    return (await ours.get<Deployment>(deployments, at(name))) as Stored<Deployment>;
  }
  const applyTo = async (name: string, wish: Wish) =>
    ours.applyTo(deployments, await read(name), deployment(name, wish));

  it('loses each field that a later apply leaves out, the first one already', async () => {
    const wish: Wish = {
      environment: { KEPT: '1', DROPPED: '1' },
      nodeSelector: { kept: 'a', dropped: 'b' },
      annotations: { 'a/kept': '1', 'a/dropped': '1' },
      replicas: 3,
    };
    await ours.create(deployments, deployment('fields', wish));
    await applyTo('fields', {
      environment: { KEPT: '1' },
      nodeSelector: { kept: 'a' },
      annotations: { 'a/kept': '1' },
    });
    const { metadata, spec } = await read('fields');
    const pod = spec?.template.spec;
    expect(pod?.containers[0]?.env).to.deep.equal([{ name: 'KEPT', value: '1' }]);
    expect(pod?.nodeSelector).to.deep.equal({ kept: 'a' });
    expect(metadata.annotations).to.deep.equal({ 'a/kept': '1' });
    // Left out, it is the API's default.
    expect(spec?.replicas).to.equal(1);
  });

  it('without the hand-over they would stay: what is shown above is its doing', async () => {
    await ours.create(deployments, deployment('stays', { nodeSelector: { dropped: 'b' } }));
    await ours.apply(deployments, deployment('stays', {}));
    expect((await read('stays')).spec?.template.spec?.nodeSelector).to.deep.equal({ dropped: 'b' });
  });

  it('comes back to what it was: one wish, another, and the first again', async () => {
    const first: Wish = { environment: { A: '1' }, replicas: 2 };
    const second: Wish = { environment: { B: '2' }, nodeSelector: { gpu: 'no' }, replicas: 1 };
    await ours.create(deployments, deployment('back', first));
    const before = await read('back');
    await applyTo('back', second);
    await applyTo('back', first);
    const after = await read('back');
    expect(after.spec).to.deep.equal(before.spec);
    const managers = (after.metadata.managedFields ?? []).map(({ manager, operation }) => [
      manager,
      operation,
    ]);
    expect(managers).to.deep.equal([['shelfwise', 'Apply']]);
  });

  it('leaves to others what they set meanwhile', async () => {
    await ours.create(deployments, deployment('shared', { environment: { A: '1' } }));
    const other = createObjects({ transport: api.transport, fieldManager: 'other' });
    const { nodeSelector } = { nodeSelector: { theirs: 'x' } };
    const theirs = deployment('shared', { nodeSelector });
    await other.apply(deployments, {
      ...theirs,
      spec: { template: { spec: { nodeSelector } } },
    } as never);
    await applyTo('shared', { environment: { B: '2' } });
    const pod = (await read('shared')).spec?.template.spec;
    expect(pod?.nodeSelector).to.deep.equal(nodeSelector);
    expect(pod?.containers[0]?.env).to.deep.equal([{ name: 'B', value: '2' }]);
  });

  it('is refused when the object changed since it was read, before and after the hand-over', async () => {
    await ours.create(deployments, deployment('raced', { replicas: 1 }));
    const stale = await read('raced');
    await applyTo('raced', { replicas: 2 });
    for (const known of [stale, await read('raced')]) {
      await applyTo('raced', { replicas: 3 + Number(known === stale) });
      const late = ours.applyTo(deployments, known, deployment('raced', { replicas: 9 }));
      expect(await errorOf(late)).to.include({ status: 409, reason: 'Conflict' });
    }
    expect((await read('raced')).spec?.replicas).to.equal(3);
  });

  it('keeps the address of a Service', async () => {
    const service = (port: number, label?: string): Service => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...at('addressed'), ...(label ? { labels: { label } } : {}) },
      spec: {
        selector: { app: 'a' },
        ports: [{ name: 'http', port, targetPort: 'http', protocol: 'TCP' }],
      },
    });
    const made = await ours.create<Service>(services, service(80, 'x'));
    const live = (await ours.get<Service>(services, at('addressed'))) as Stored<Service>;
    const applied = await ours.applyTo<Service>(services, live, service(81));
    expect(applied.spec?.clusterIP).to.equal(made.spec?.clusterIP);
    expect(applied.spec?.clusterIP).to.match(/^\d/);
    expect(applied.spec?.ports?.map(({ port }) => port)).to.deep.equal([81]);
    expect(applied.metadata.labels).to.equal(undefined);
    expect(applied.spec).to.include({ type: 'ClusterIP', sessionAffinity: 'None' });
  });
});
