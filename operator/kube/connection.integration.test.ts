import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ControlPlane } from '../../hack/cluster/control-plane.ts';
import { type Connection, inClusterConnection } from './connection.ts';
import { createObjects, type Objects } from './objects.ts';
import { errorOf, job, type RealApi, startRealApi, until } from './real-api.ts';
import { jobs } from './resource.ts';
import { createTransport, type Transport } from './transport.ts';

describe('a pod’s ServiceAccount on a real API server', () => {
  let api: RealApi;
  let plane: ControlPlane;
  let connection: Connection;
  let transport: Transport;
  let objects: Objects;

  before(async () => {
    api = await startRealApi();
    ({ plane, connection, transport, objects } = api);
  });
  after(() => api?.stop());

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
