import { expect } from 'chai';
import { readCrd } from '../generate/crd.ts';
import type { KubeObject } from '../shop/kubectl.ts';
import { chart, createHelm, type Helm, render } from './chart.ts';

describe('the chart', function () {
  this.timeout(1_800_000); // the first time it builds Helm
  let helm: Helm;
  before(async () => {
    helm = await createHelm();
  });

  const find = (objects: KubeObject[], kind: string) =>
    objects.filter((object) => object.kind === kind);
  const container = (objects: KubeObject[]) =>
    find(objects, 'Deployment')[0].spec.template.spec.containers[0];
  const environment = (objects: KubeObject[], name: string) =>
    container(objects).env.find((each: KubeObject) => each.name === name)?.value;

  it('passes helm lint', async () => {
    await helm(['lint', '--strict', chart]);
  });

  it('brings the CRD as it is in crds/, kept on uninstall unless told otherwise', async () => {
    const source = await readCrd();
    const [kept] = find(await render(helm), 'CustomResourceDefinition');
    expect(kept.metadata.annotations).to.deep.equal({ 'helm.sh/resource-policy': 'keep' });
    expect(kept.spec).to.deep.equal(source.spec);
    const [given] = find(await render(helm, { crds: { keep: false } }), 'CustomResourceDefinition');
    expect(given).to.deep.equal(source);
    const without = await render(helm, { crds: { enabled: false } });
    expect(find(without, 'CustomResourceDefinition')).to.deep.equal([]);
  });

  it('names images by tag, the chart’s own version first, and by digest before that', async () => {
    const plain = await render(helm);
    expect(container(plain).image).to.match(/\/operator:\d+\.\d+\.\d+$/);
    const digest = `sha256:${'0'.repeat(64)}`;
    const image = { repository: 'registry.example/x', tag: 'old', digest };
    const pinned = await render(helm, {
      images: {
        operator: image,
        trainer: image,
        snapshot: image,
        inference: { ...image, digest: '' },
      },
    });
    expect(container(pinned).image).to.equal(`registry.example/x@${digest}`);
    expect(environment(pinned, 'TRAINER_IMAGE')).to.equal(`registry.example/x@${digest}`);
    expect(environment(pinned, 'SNAPSHOT_IMAGE')).to.equal(`registry.example/x@${digest}`);
    expect(environment(pinned, 'INFERENCE_IMAGE')).to.equal('registry.example/x:old');
  });

  it('has monitors only where they are asked for', async () => {
    const kinds = (objects: KubeObject[]) => objects.map((object) => object.kind);
    expect(kinds(await render(helm))).to.not.include.members(['ServiceMonitor']);
    expect(kinds(await render(helm))).to.not.include.members(['PodMonitor']);
    const monitoring = {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      podMonitor: { enabled: true },
    };
    const objects = await render(helm, { monitoring });
    const [service] = find(objects, 'Service');
    const [serviceMonitor] = find(objects, 'ServiceMonitor');
    expect(service.metadata.labels).to.include(serviceMonitor.spec.selector.matchLabels);
    expect(serviceMonitor.metadata.labels.release).to.equal('prometheus');
    expect(find(objects, 'PodMonitor')[0].spec.selector.matchLabels).to.include({
      'app.kubernetes.io/component': 'inference',
    });
  });

  it('gives the operator its rules in all namespaces, or with names in these alone and nothing cluster-wide', async () => {
    const monitoring = { podMonitor: { enabled: true } };
    const everywhere = await render(helm, { monitoring });
    const within = await render(helm, { monitoring, watchNamespaces: ['shop', 'store', 'shop'] });
    const [clusterRole] = find(everywhere, 'ClusterRole').filter(
      ({ metadata }) => metadata.name === 'shelfwise',
    );
    const placed = (objects: KubeObject[], kind: string) =>
      find(objects, kind).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(placed(everywhere, 'Role')).to.deep.equal(['shelfwise-system/shelfwise-leader']);
    const roles = ['shelfwise-system/shelfwise-leader', 'shop/shelfwise', 'store/shelfwise'];
    for (const kind of ['Role', 'RoleBinding'])
      expect(placed(within, kind).sort()).to.deep.equal(roles);
    for (const { metadata, rules } of find(within, 'Role')) {
      if (metadata.namespace !== 'shelfwise-system') expect(rules).to.deep.equal(clusterRole.rules);
    }
    for (const { subjects } of find(within, 'RoleBinding'))
      expect(subjects).to.deep.equal(find(everywhere, 'ClusterRoleBinding')[0].subjects);
    const wide = within.filter(({ metadata }) => metadata.namespace === undefined);
    expect(wide.map(({ kind }) => kind)).to.deep.equal(['CustomResourceDefinition']);
    expect(environment(everywhere, 'WATCH_NAMESPACES')).to.equal('');
    expect(environment(within, 'WATCH_NAMESPACES')).to.equal('shop,store');
    const selected = (objects: KubeObject[]) =>
      find(objects, 'PodMonitor')[0].spec.namespaceSelector;
    expect(selected(everywhere)).to.deep.equal({ any: true });
    expect(selected(within)).to.deep.equal({ matchNames: ['shop', 'store'] });
  });

  it('runs two operators, spread over nodes and never evicted together; one may be evicted', async () => {
    const two = await render(helm);
    const [deployment] = find(two, 'Deployment');
    expect(deployment.spec.replicas).to.equal(2);
    const [budget] = find(two, 'PodDisruptionBudget');
    expect(budget.spec.minAvailable).to.equal(1);
    expect(budget.spec.selector).to.deep.equal(deployment.spec.selector);
    const [spread] = deployment.spec.template.spec.topologySpreadConstraints;
    expect(spread.whenUnsatisfiable).to.equal('ScheduleAnyway');
    expect(spread.labelSelector).to.deep.equal(deployment.spec.selector);
    const one = await render(helm, { replicas: 1 });
    expect(find(one, 'PodDisruptionBudget')).to.deep.equal([]);
    expect(find(one, 'Deployment')[0].spec.template.spec).to.not.have.property(
      'topologySpreadConstraints',
    );
  });

  it('says to its pods which Lease they share, and who each of them is', async () => {
    const [deployment] = find(await render(helm), 'Deployment');
    const env: KubeObject[] = container(await render(helm)).env;
    const field = (name: string) =>
      env.find((each) => each.name === name)?.valueFrom.fieldRef.fieldPath;
    expect(environment(await render(helm), 'LEASE_NAME')).to.equal(deployment.metadata.name);
    expect(field('POD_NAMESPACE')).to.equal('metadata.namespace');
    expect(field('POD_UID')).to.equal('metadata.uid');
  });

  it('selects its own pods and no serving pods', async () => {
    const objects = await render(helm);
    const [deployment] = find(objects, 'Deployment');
    const [service] = find(objects, 'Service');
    const selector = deployment.spec.selector.matchLabels;
    expect(deployment.spec.template.metadata.labels).to.include(selector);
    expect(service.spec.selector).to.deep.equal(selector);
    expect(selector['app.kubernetes.io/component']).to.equal('operator');
  });

  const refused: { name: string; values: object; says: string }[] = [
    { name: 'a misspelt key', values: { imags: {} }, says: "'imags' not allowed" },
    {
      name: 'a misspelt key of an image',
      values: { images: { operator: { tga: 'x' } } },
      says: "'tga' not allowed",
    },
    {
      name: 'a digest without its algorithm',
      values: { images: { trainer: { digest: 'abc' } } },
      says: '/images/trainer/digest',
    },
    { name: 'half a replica', values: { replicas: 1.5 }, says: '/replicas' },
    {
      name: 'what is no name of a namespace',
      values: { watchNamespaces: ['Shop'] },
      says: '/watchNamespaces/0',
    },
    { name: 'an unknown log level', values: { logLevel: 'loud' }, says: '/logLevel' },
    { name: 'a switch that is a string', values: { crds: { keep: 'yes' } }, says: '/crds/keep' },
    {
      name: 'no ServiceAccount at all',
      values: { serviceAccount: { create: false } },
      says: 'serviceAccount.name must name an existing ServiceAccount',
    },
  ];
  for (const { name, values, says } of refused) {
    it(`refuses ${name}`, async () => {
      const words = await render(helm, values).then(
        () => 'it was accepted',
        (error: Error) => error.message,
      );
      expect(words).to.include(says);
    });
  }
});
