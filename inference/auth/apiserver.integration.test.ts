import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import Koa from 'koa';
import { pino } from 'pino';
import { parse } from 'yaml';
import { type ControlPlane, startControlPlane } from '../../hack/cluster/control-plane.ts';
import { run } from '../../hack/process/run.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { tool } from '../../hack/tools/tool.ts';
import { listening } from '../fixtures/listening.ts';
import { problemResponses, requestIds } from '../http/errors.ts';
import type { RequestState } from '../http/state.ts';
import { apiserverSource } from './apiserver.ts';
import { authenticate } from './authenticate.ts';
import { createClusterIssuer } from './cluster-issuer.ts';

const log = pino({ level: 'silent' });

describe('ServiceAccount tokens of a real cluster', function () {
  this.timeout(1_800_000); // the first time it builds Kubernetes
  let plane: ControlPlane;
  let dir: string;
  let kubectl: string;
  let server: Awaited<ReturnType<typeof listening>>;

  const kube = (...args: string[]) => run(kubectl, [`--kubeconfig=${plane.kubeconfig}`, ...args]);
  const token = async (namespace: string, name: string, ...options: string[]) =>
    (await kube('create', 'token', name, '-n', namespace, ...options)).trim();
  const forUs = ['--audience=shelfwise', '--duration=10m'];
  const ask = async (bearer: string) => {
    const answer = await fetch(server.url, { headers: { authorization: `Bearer ${bearer}` } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  before(async () => {
    kubectl = await tool('kubectl');
    plane = await startControlPlane();
    dir = await mkdtemp(join(tmpdir(), 'apiserver-test-'));
    for (const namespace of ['shop', 'other']) {
      await kube('create', 'namespace', namespace);
      await kube('create', 'serviceaccount', 'caller', '-n', namespace);
    }
    // What the kubelet would mount into the pod of the service.
    const kubeconfig = parse(await readFile(plane.kubeconfig, 'utf8'));
    const { cluster } = kubeconfig.clusters[0];
    const ca = cluster['certificate-authority-data'];
    const pem = ca ? Buffer.from(ca, 'base64') : await readFile(cluster['certificate-authority']);
    await writeFile(join(dir, 'ca.crt'), pem);
    await writeFile(join(dir, 'token'), `${await token('shop', 'caller')}\n`);
    const source = apiserverSource({
      url: plane.url,
      caFile: join(dir, 'ca.crt'),
      tokenFile: join(dir, 'token'),
    });
    const issuer = createClusterIssuer(source, log);
    const app = new Koa<RequestState>();
    app.use(requestIds);
    app.use(problemResponses(log));
    app.use(authenticate({ keys: undefined, cluster: issuer, namespaces: ['shop'] }));
    app.use((ctx) => {
      ctx.body = ctx.state.caller as object;
    });
    server = await listening(app.callback());
  });
  after(async () => {
    await server?.close();
    await plane?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('takes a token of our audience, of an allowed namespace', async () => {
    const { status, body } = await ask(await token('shop', 'caller', ...forUs));
    expect([status, body]).to.deep.equal([
      200,
      {
        kind: 'serviceAccount',
        id: 'system:serviceaccount:shop:caller',
        name: 'shop/caller',
        roles: ['predict'],
      },
    ]);
  });

  it('refuses a token that is for the API server', async () => {
    const { status, body } = await ask(await token('shop', 'caller'));
    expect([status, body.detail]).to.deep.equal([
      401,
      'The token is not accepted: it is for another audience.',
    ]);
  });

  it('refuses a ServiceAccount of another namespace', async () => {
    const { status, body } = await ask(await token('other', 'caller', ...forUs));
    expect(status).to.equal(403);
    expect(body.detail).to.contain('namespace other');
  });

  it('goes on with the keys it knows while the API server is gone', async () => {
    const bearer = await token('shop', 'caller', ...forUs);
    await plane.kill('kube-apiserver', 'SIGKILL');
    expect((await ask(bearer)).status).to.equal(200);
    await plane.restart('kube-apiserver');
    await waitFor(
      async () =>
        (await ask(await token('shop', 'caller', ...forUs))).status === 200 ? true : undefined,
      {
        what: 'a new token to be taken',
        limitMs: 120_000,
      },
    );
  });
});
