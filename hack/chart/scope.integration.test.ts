import { expect } from 'chai';
import { pino } from 'pino';
import { modelReleases } from '../../operator/api/model-release.ts';
import { kubeconfigConnection } from '../../operator/kube/connection.ts';
import { createObjects } from '../../operator/kube/objects.ts';
import { createTransport, type Exchange, type Transport } from '../../operator/kube/transport.ts';
import type { Operator } from '../../operator/operator.ts';
import { goodMessages, type PlayedKubelet, playKubelet } from '../../operator/played-kubelet.ts';
import { live, modelRelease, statusOf } from '../../operator/played-life.ts';
import { startTestOperator } from '../../operator/test-operator.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { waitFor } from '../process/wait.ts';
import { createKubectl, type Kubectl, type KubeObject } from '../shop/kubectl.ts';
import { actingAs } from './acting-as.ts';
import { installChart } from './chart.ts';
import { chartRules, compareWithRules } from './rbac.ts';

const system = 'shelfwise-system';
const namespaceOf = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

describe('the operator in a list of namespaces, with the Roles that the chart gives there', function () {
  this.timeout(1_800_000); // the first time it builds Kubernetes and Helm
  let plane: ControlPlane;
  let kubectl: Kubectl;
  let admin: Transport;
  let kubelet: PlayedKubelet;
  let operator: Operator;
  const exchanges: Exchange[] = [];
  const warnings: string[] = [];

  before(async () => {
    plane = await startControlPlane();
    kubectl = await createKubectl(plane.kubeconfig);
    await kubectl.apply(['shop', 'locked', 'elsewhere'].map(namespaceOf));
    await installChart(plane.kubeconfig, system, ['watchNamespaces={shop,locked}']);
    const connection = await kubeconfigConnection([plane.kubeconfig]);
    admin = createTransport({ connection, userAgent: 'test' });
    const objects = createObjects({ transport: admin, fieldManager: 'person' });
    for (const namespace of ['locked', 'elsewhere'])
      await objects.create(modelReleases, modelRelease(namespace));
    await kubectl.run(['delete', 'rolebinding', 'shelfwise', '-n', 'locked']);
    kubelet = playKubelet(admin, (context) =>
      goodMessages(context, { dataset: 'a', accuracy: 0.9 }),
    );
    const user = `system:serviceaccount:${system}:shelfwise`;
    operator = await startTestOperator(actingAs(user, connection), {
      namespaces: ['shop', 'locked'],
      log: pino({ level: 'warn' }, { write: (line) => void warnings.push(line) }),
      observe: (exchange) => exchanges.push(exchange),
    });
  });
  after(async () => {
    await operator?.stop();
    await kubelet?.stop();
    await admin?.close();
    await plane?.stop();
  });

  const page = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${operator.port}${path}`)).text();
  const series = async (namespace: string): Promise<string[]> =>
    (await page('/metrics'))
      .split('\n')
      .filter((line) => line.startsWith('shelfwise_operator_cache_synced'))
      .filter((line) => line.includes(`watched_namespace="${namespace}"`))
      .map((line) => line.split(' ').at(-1) ?? '');

  it('works where it may, while it says of the namespace where it may not which and why', async () => {
    await live(admin, 'shop', ['Served']);
    const said = await page('/readyz');
    expect(said).to.match(
      /^not ready, without: modelreleases of namespace locked \(Cannot (list|watch) /,
    );
    expect(said).to.include('forbidden').and.not.include('namespace shop');
    expect(await series('shop')).to.deep.equal(['1', '1', '1', '1', '1', '1']);
    expect(await series('locked')).to.deep.equal(['0', '0', '0', '0', '0', '0']);
    const logged = warnings.map((line) => JSON.parse(line));
    expect(logged.map(({ namespace, reason }) => `${namespace} ${reason}`)).to.include(
      'locked Forbidden',
    );
    expect(await statusOf(admin, 'locked')).to.equal(undefined);
  });

  it('goes on by itself in that namespace once the Role is bound there, and is ready then', async () => {
    await kubectl.run([
      ...['create', 'rolebinding', 'shelfwise', '--role=shelfwise', '-n', 'locked'],
      `--serviceaccount=${system}:shelfwise`,
    ]);
    await waitFor(
      async () => (await statusOf(admin, 'locked'))?.serving !== undefined || undefined,
      { what: 'a release to serve in the namespace that was locked', limitMs: 240_000 },
    );
    await operator.ready;
    expect(await page('/readyz')).to.equal('ok\n');
  });

  it('leaves a ModelRelease elsewhere alone, and needs nothing that its Roles do not grant', async () => {
    expect(await statusOf(admin, 'elsewhere')).to.equal(undefined);
    const children = await kubectl.list('jobs,controllerrevisions,services', 'elsewhere');
    expect(children).to.deep.equal([]);
    const allowed = exchanges.filter(({ code }) => code !== 403);
    const { missing } = compareWithRules(await chartRules(), allowed);
    expect(missing).to.deep.equal([]);
    const others = exchanges.filter(
      ({ code, verb }) => code === 403 && !['list', 'watch'].includes(verb),
    );
    expect(others).to.deep.equal([]);
  });
});
