import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../../hack/cluster/control-plane.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { ApiError } from './api-error.ts';
import { type Connection, inClusterConnection, kubeconfigConnection } from './connection.ts';
import { createEventRecorder } from './events.ts';
import { listAll } from './list.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { createObjects, type Objects } from './objects.ts';
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
import { deployments, events, jobs, type Resource } from './resource.ts';
import { createTransport, type Exchange, type Transport } from './transport.ts';

interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}

const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const configMap = (name: string, data: Record<string, string> = {}, labels = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name, labels },
  data,
});
const job = (name: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'default', name },
  spec: {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'nothing' }] } },
  },
});

describe('operator/kube against a real API server', () => {
  let plane: ControlPlane;
  let connection: Connection;
  let transport: Transport;
  let objects: Objects;
  const exchanges: Exchange[] = [];

  before(async () => {
    plane = await startControlPlane();
    connection = await kubeconfigConnection([plane.kubeconfig]);
    transport = createTransport({
      connection,
      userAgent: 'shelfwise-test',
      observe: (exchange) => exchanges.push(exchange),
    });
    objects = createObjects({ transport, fieldManager: 'shelfwise-test' });
  });

  after(async () => {
    await transport?.close();
    await plane?.stop();
  });

  async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
    const error = await promise.then(
      (value) => expect.fail(`It succeeded: ${JSON.stringify(value)}`),
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ApiError);
    return error as ApiError;
  }

  const until = <T>(
    what: string,
    attempt: () => T | undefined | Promise<T | undefined>,
  ): Promise<T> => waitFor(async () => attempt(), { what, limitMs: 120_000 });

  describe('verbs', () => {
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
        const error = await errorOf(
          objects.updateStatus(deployments, stale, { collisionCount: 8 }),
        );
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
  });

  describe('as a ServiceAccount in a pod', () => {
    let directory: string;
    let pod: Transport;

    const token = async (name: string): Promise<void> => {
      const path = `/api/v1/namespaces/default/serviceaccounts/${name}/token`;
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
      const { status } = await transport.request<{ status: { token: string } }>({
        method: 'POST',
        path,
        body,
      });
      await writeFile(join(directory, 'token'), status.token);
    };

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'serviceaccount-'));
      const serviceAccounts = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        plural: 'serviceaccounts',
      };
      for (const name of ['first', 'second']) {
        await objects.create(serviceAccounts, {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { namespace: 'default', name },
        });
      }
      await writeFile(join(directory, 'ca.crt'), String(connection.tls().ca));
      const { hostname, port } = new URL(plane.url);
      pod = createTransport({
        connection: inClusterConnection({ host: hostname, port, directory }),
        userAgent: 'pod',
      });
    });
    after(async () => {
      await pod.close();
      await rm(directory, { recursive: true });
    });

    it('is told what it may not do', async () => {
      await token('first');
      const error = await errorOf(
        createObjects({ transport: pod, fieldManager: 'x' }).create(jobs, job('a')),
      );
      expect(error).to.include({
        status: 403,
        reason: 'Forbidden',
        verb: 'create',
        resource: 'jobs.batch',
      });
      expect(error.message)
        .to.contain('system:serviceaccount:default:first')
        .and.to.contain('cannot create resource "jobs"');
    });

    it('speaks with the new token once the old one is refused', async () => {
      const whoAmI = () =>
        pod.request<{ status: { userInfo: { username: string } } }>({
          method: 'POST',
          path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
          body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
        });
      await token('first');
      expect((await whoAmI()).status.userInfo.username).to.equal(
        'system:serviceaccount:default:first',
      );
      await transport.request({
        method: 'DELETE',
        path: '/api/v1/namespaces/default/serviceaccounts/first',
      });
      await token('second');
      // The API server remembers for seconds that a token was good.
      await until('the new token to be used', async () => {
        const { username } = (await whoAmI()).status.userInfo;
        return username === 'system:serviceaccount:default:second' || undefined;
      });
    });

    it('refuses a server that its CA did not sign', async () => {
      const stranger = createTransport({
        connection: { ...connection, tls: () => ({}) },
        userAgent: 'pod',
        retries: { attempts: 1, baseDelayMs: 1, maximumDelayMs: 1, maximumRetryAfterMs: 1 },
      });
      const error = await errorOf(stranger.request({ method: 'GET', path: '/version' }));
      expect(error.message).to.contain('certificate');
      await stranger.close();
    });
  });

  describe('reflector', () => {
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
      start({ labelSelector: 'set=pages', timing: { pageSize: 2 } });
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

  describe('beside the work', () => {
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
        'list configmaps',
        'watch configmaps',
        'patch deployments.apps/status',
        'patch events.events.k8s.io',
      ]);
    });
  });
});
