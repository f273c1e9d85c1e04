import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { waitFor } from '../process/wait.ts';
import { createKubectl, type Kubectl, type KubeObject } from '../shop/kubectl.ts';
import { chart, crdEstablished, createHelm, type Helm } from './chart.ts';
import { chartRules, compareWithRules } from './rbac.ts';

const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));
const namespace = 'shelfwise-system';

/** On a real API with its controllers: pods are admitted, or refused by Pod Security, though no kubelet runs them. */
describe('the chart and the manifests on a Kubernetes API', function () {
  this.timeout(1_800_000); // the first time it builds Kubernetes and Helm
  let plane: ControlPlane;
  let kubectl: Kubectl;
  let helm: Helm;

  before(async () => {
    plane = await startControlPlane();
    kubectl = await createKubectl(plane.kubeconfig);
    helm = await createHelm(plane.kubeconfig);
    await kubectl.apply([restricted(namespace), restricted('shop')]);
  });
  after(() => plane?.stop());

  const install = () =>
    helm(['upgrade', '--install', 'shelfwise', chart, '--namespace', namespace]);
  const podOf = (where: string, selector: string) =>
    waitFor(async () => (await kubectl.list('pods', where, selector))[0], {
      what: `a pod ${selector} in ${where}, which enforces the restricted Pod Security Standard`,
      limitMs: 240_000,
    });

  it('installs, says what to do next, and its pod is admitted under the restricted standard', async () => {
    const notes = await install();
    expect(notes).to.include('rollout status deployment/shelfwise');
    await crdEstablished(kubectl);
    const pod = await podOf(namespace, 'app.kubernetes.io/component=operator');
    expect(pod.spec.serviceAccountName).to.equal('shelfwise');
  });

  it('lets people with the role edit write ModelReleases, and those with view read them', async () => {
    for (const role of ['edit', 'view'])
      await kubectl.run([
        'create',
        'rolebinding',
        role,
        `--clusterrole=${role}`,
        `--user=${role}`,
        '-n',
        'shop',
      ]);
    const may = (user: string, verb: string) =>
      kubectl.run(['auth', 'can-i', verb, 'modelreleases', '-n', 'shop', `--as=${user}`]).then(
        (answer) => answer.trim(),
        () => 'no',
      );
    await waitFor(async () => ((await may('edit', 'create')) === 'yes' ? true : undefined), {
      what: 'the rules to be added to the role edit',
      limitMs: 120_000,
    });
    expect(await may('edit', 'list')).to.equal('yes');
    expect(await may('view', 'list')).to.equal('yes');
    expect(await may('view', 'create')).to.equal('no');
  });

  it('lets the operator do what its rules say, and nothing that they do not', async () => {
    const account = `system:serviceaccount:${namespace}:shelfwise`;
    const may = async (request: string) => {
      const [verb, resource = ''] = request.split(' ');
      const [plural, subresource] = resource.split('/');
      const flags = subresource ? [`--subresource=${subresource}`] : [];
      const args = [
        'auth',
        'can-i',
        verb ?? '',
        plural ?? '',
        ...flags,
        `--as=${account}`,
        '-n',
        // The Lease by which its pods agree who leads is the only thing that it has to do with beside ModelReleases.
        plural === 'leases.coordination.k8s.io' ? namespace : 'shop',
      ];
      return (await kubectl.run(args).catch((error: Error) => error.message)).trim() === 'yes';
    };
    const granted = compareWithRules(await chartRules(), [])
      .unused // kubectl asks only about what the cluster knows, and here is no Kueue.
      .filter((request) => !request.endsWith('.kueue.x-k8s.io'));
    for (const request of granted) expect(await may(request), request).to.equal(true);
    const never = [
      'get secrets',
      'update modelreleases.shelfwise.dev',
      'patch modelreleases.shelfwise.dev',
      'delete pods',
      'create pods',
      'create pods/exec',
      'get configmaps',
      'list leases.coordination.k8s.io',
    ];
    for (const request of never) expect(await may(request), request).to.equal(false);
  });

  for (const file of ['sample.yaml', 'demo/pictograms.yaml']) {
    it(`takes manifests/${file} under strict validation`, async () => {
      await crdEstablished(kubectl);
      const flags = ['--dry-run=server', '--validate=strict'];
      await kubectl.run(['apply', ...flags, '-f', `${manifests}/${file}`]);
    });
  }

  it("runs the demo's services under the restricted standard", async () => {
    await kubectl.run(['apply', '--validate=strict', '-k', `${manifests}/demo`]);
    for (const name of ['s3', 'database']) await podOf('shop', `app.kubernetes.io/name=${name}`);
  });

  it('leaves the CRD and every ModelRelease when it is uninstalled, and takes them up again', async () => {
    const demo = await readFile(`${manifests}/demo/pictograms.yaml`, 'utf8');
    await kubectl.apply(demo);
    await helm(['uninstall', 'shelfwise', '--namespace', namespace, '--wait']);
    expect(await kubectl.get('modelrelease', 'pictograms', 'shop')).to.not.equal(undefined);
    for (const kind of [
      'clusterrole',
      'clusterrolebinding',
      'deployment',
      'service',
      'serviceaccount',
    ]) {
      expect(await kubectl.get(kind, 'shelfwise', namespace), kind).to.equal(undefined);
    }
    await install();
    expect(await kubectl.get('modelrelease', 'pictograms', 'shop')).to.not.equal(undefined);
  });
});

function restricted(name: string): KubeObject {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}
