import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { readConfig } from '../config.ts';
import { run } from '../process/run.ts';
import { waitFor } from '../process/wait.ts';
import { tool } from '../tools/tool.ts';
import { auditedRequests } from './audit.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { ask } from './ready.ts';

describe('the control plane for integration tests', function () {
  this.timeout(1_800_000); // the first time it builds Kubernetes
  let plane: ControlPlane;
  let kubectl: string;

  const kube = (...args: string[]) => run(kubectl, [`--kubeconfig=${plane.kubeconfig}`, ...args]);

  before(async () => {
    kubectl = await tool('kubectl', readConfig());
    plane = await startControlPlane();
  });
  after(() => plane?.stop());

  it('is of the version that go.mod pins', async () => {
    const version = JSON.parse(await kube('version', '-o', 'json'));
    const goMod = await readFile(new URL('kubernetes/go.mod', import.meta.url), 'utf8');
    expect(goMod).to.include(`k8s.io/kubernetes ${version.serverVersion.gitVersion}`);
  });

  it('has controllers: a Job gets its pod', async () => {
    await kube('create', 'job', 'hello', '--image=example.invalid/none');
    const pods = await waitFor(
      async () => {
        const list = JSON.parse(await kube('get', 'pods', '-l', 'job-name=hello', '-o', 'json'));
        return list.items.length > 0 ? list.items : undefined;
      },
      { what: 'the pod of Job hello', limitMs: 300_000 },
    );
    expect(pods[0].status.phase).to.equal('Pending');
  });

  it('refuses who has no certificate', async () => {
    const config = parse(await readFile(plane.kubeconfig, 'utf8'));
    const ca = Buffer.from(
      config.clusters[0].cluster['certificate-authority-data'],
      'base64',
    ).toString();
    const { status, text } = await ask(`${plane.url}/api/v1/secrets`, { ca });
    expect(status, text).to.equal(403);
  });

  it('comes back with its data after the apiserver was killed', async () => {
    await kube('create', 'configmap', 'kept', '--from-literal=a=b');
    await plane.kill('kube-apiserver', 'SIGKILL');
    const refused = await kube('get', 'configmap', 'kept').then(
      () => 'answered',
      (error) => error.message,
    );
    expect(refused).to.include('refused');
    await plane.restart('kube-apiserver');
    expect(await kube('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}')).to.equal('b');
  });

  it('runs beside another, and leaves nothing', async () => {
    const other = await startControlPlane({ schedulers: true, audit: { users: ['admin'] } });
    try {
      expect(other.url).not.to.equal(plane.url);
      await run(kubectl, [`--kubeconfig=${other.kubeconfig}`, 'create', 'serviceaccount', 'seen']);
      const requests = await auditedRequests(other.auditLog);
      const users = new Set(requests.map(({ user }) => user));
      expect([...users]).to.deep.equal(['admin']);
      const created = requests.filter(({ verb }) => verb === 'create');
      expect(created.map(({ resource, code }) => `${resource} ${code}`)).to.deep.equal([
        'serviceaccounts 201',
      ]);
    } finally {
      await other.stop();
    }
    expect(existsSync(dirname(other.kubeconfig))).to.equal(false);
  });
});
