import { expect } from 'chai';
import type { ControlPlane } from '../../hack/cluster/control-plane.ts';
import { listAll } from './list.ts';
import type { Stored } from './object.ts';
import type { Objects } from './objects.ts';
import {
  type ConfigMap,
  configMap,
  configMaps,
  errorOf,
  type RealApi,
  startRealApi,
  until,
} from './real-api.ts';
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
import type { Transport } from './transport.ts';

describe('reflector on a real API server', () => {
  let api: RealApi;
  let plane: ControlPlane;
  let transport: Transport;
  let objects: Objects;

  before(async () => {
    api = await startRealApi();
    ({ plane, transport, objects } = api);
  });
  after(() => api?.stop());

  let reflector: Reflector<ConfigMap>;
  let stop: AbortController;
  let running: Promise<void>;
  const seen: string[] = [];

  const start = (options: Partial<ReflectorOptions<ConfigMap>>): void => {
    seen.length = 0;
    stop = new AbortController();
    reflector = createReflector<ConfigMap>({
      transport,
      resource: configMaps,
      onChange: ({ key, object, previous }) =>
        seen.push(`${object ? (previous ? '~' : '+') : '-'}${key}`),
      ...options,
      timing: { baseDelayMs: 50, maximumDelayMs: 1_000, ...options.timing },
    });
    running = reflector.run(stop.signal);
  };
  afterEach(async () => {
    stop.abort();
    await running;
  });

  it('lists in pages, follows, and sees only what it selects', async () => {
    for (const name of ['p1', 'p2', 'p3', 'p4', 'p5'])
      await objects.create(configMaps, configMap(name, {}, { set: 'pages' }));
    start({ labelSelector: 'set=pages', initial: 'pages', timing: { pageSize: 2 } });
    await reflector.synced;
    expect(
      reflector
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).to.deep.equal(['p1', 'p2', 'p3', 'p4', 'p5']);
    await objects.create(configMaps, configMap('unseen', {}, { set: 'other' }));
    await objects.apply(configMaps, configMap('p1', { a: '1' }, { set: 'pages' }));
    await objects.create(configMaps, configMap('p6', {}, { set: 'pages' }));
    // An object that no longer fits the selector is gone for whoever selects by it.
    await objects.apply(configMaps, configMap('p6', {}, { set: 'other' }));
    const p2 = reflector.get({ namespace: 'default', name: 'p2' });
    await objects.remove(configMaps, p2 as Stored<ConfigMap>);
    await until('the last change', () => seen.includes('-default/p2') || undefined);
    expect(seen.slice(5)).to.deep.equal([
      '~default/p1',
      '+default/p6',
      '-default/p6',
      '-default/p2',
    ]);
    expect(reflector.get({ namespace: 'default', name: 'p1' })).to.not.have.nested.property(
      'metadata.managedFields',
    );
  });

  it('gets its first objects and all that follows through one streamed list', async () => {
    for (const name of ['s1', 's2', 's3'])
      await objects.create(configMaps, configMap(name, {}, { set: 'stream' }));
    const before = api.exchanges.length;
    start({ labelSelector: 'set=stream' });
    await reflector.synced;
    expect([...seen].sort()).to.deep.equal(['+default/s1', '+default/s2', '+default/s3']);
    await objects.create(configMaps, configMap('s4', {}, { set: 'stream' }));
    await until('the next one', () => seen.includes('+default/s4') || undefined);
    const asked = api.exchanges.slice(before).filter(({ verb }) => verb !== 'create');
    expect(asked.map(({ verb, code }) => [verb, code])).to.deep.equal([['watch', 200]]);
  });

  it('finds the versions of all events in order, while ten write, relabel and delete at once', async () => {
    const failures: string[] = [];
    start({ labelSelector: 'set=churn', onFailure: (error) => failures.push(error.message) });
    await reflector.synced;
    const writer = async (number: number) => {
      for (let turn = 0; turn < 30; turn++) {
        const name = `churn-${number}-${turn % 4}`;
        const set = turn % 3 === 2 ? 'other' : 'churn';
        const made = await objects.apply(configMaps, configMap(name, { turn: `${turn}` }, { set }));
        if (turn % 5 === 4) await objects.remove(configMaps, made);
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, number) => writer(number)));
    const { items } = await listAll<ConfigMap>(transport, {
      resource: configMaps,
      labelSelector: 'set=churn',
    });
    const wanted = items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
    expect(wanted).to.not.deep.equal([]);
    await until('the cache to be as the server is', () => {
      const held = reflector
        .list()
        .map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
      return held.sort().join() === wanted.sort().join() || undefined;
    });
    expect(failures).to.deep.equal([]);
  });

  it('survives an API server that is killed and comes back, and misses nothing', async () => {
    await objects.create(configMaps, configMap('before', {}, { set: 'outage' }));
    start({ labelSelector: 'set=outage' });
    await reflector.synced;
    await plane.kill('kube-apiserver', 'SIGKILL');
    const down = await errorOf(objects.get(configMaps, { namespace: 'default', name: 'before' }));
    expect(down.reason).to.equal('Unreachable');
    expect(reflector.list()).to.have.length(1);
    await plane.restart('kube-apiserver');
    await objects.create(configMaps, configMap('after', {}, { set: 'outage' }));
    await until('the new object', () => reflector.get({ namespace: 'default', name: 'after' }));
    expect(seen).to.deep.equal(['+default/before', '+default/after']);
  });

  it('notices an API server that stands still, and goes on when it moves again', async () => {
    await objects.create(configMaps, configMap('still', {}, { set: 'pause' }));
    const failures: string[] = [];
    start({
      labelSelector: 'set=pause',
      timing: { silenceMs: 4_000 },
      onFailure: ({ reason }) => failures.push(reason),
    });
    await reflector.synced;
    await plane.kill('kube-apiserver', 'SIGSTOP');
    try {
      await until('silence to be noticed', () => failures.includes('Timeout') || undefined);
    } finally {
      await plane.kill('kube-apiserver', 'SIGCONT');
    }
    await objects.create(configMaps, configMap('moving', {}, { set: 'pause' }));
    await until('what came after', () => seen.includes('+default/moving') || undefined);
    expect(seen).to.deep.equal(['+default/still', '+default/moving']);
  });

  it('lists again when its version was compacted away while it was cut off', async () => {
    await objects.create(configMaps, configMap('kept', {}, { set: 'compacted' }));
    await objects.create(configMaps, configMap('doomed', {}, { set: 'compacted' }));
    // What it gets to hear after that ends at a version that the API server has forgotten.
    let cut = false;
    const forgetful: Transport = {
      ...transport,
      stream: ({ query, ...request }) =>
        transport.stream({
          ...request,
          query: { ...query, ...(cut ? { resourceVersion: '1' } : {}) },
        }),
    };
    const failures: string[] = [];
    start({
      transport: forgetful,
      labelSelector: 'set=compacted',
      timing: { watchSeconds: 1 },
      onFailure: (error) => {
        failures.push(error.reason);
        if (error.reason === 'Expired') cut = false;
      },
    });
    await reflector.synced;
    await plane.kill('kube-apiserver', 'SIGKILL');
    await plane.restart('kube-apiserver');
    await objects.remove(
      configMaps,
      reflector.get({ namespace: 'default', name: 'doomed' }) as Stored<ConfigMap>,
    );
    cut = true;
    await until('410', () => failures.includes('Expired') || undefined);
    await until('the relist', () => reflector.list().length === 1 || undefined);
    expect(reflector.list().map(({ metadata }) => metadata.name)).to.deep.equal(['kept']);
  });
});
