import { expect } from 'chai';
import { type Kueue, startKueue } from '../cluster/kueue.ts';
import { driver } from './classifier.ts';
import { type Environment, environment } from './environment.ts';

const version = 'kueue.x-k8s.io/v1beta2';

describe('a training that waits for Kueue, on a real cluster', () => {
  const name = 'queued';
  let env: Environment;
  let kueue: Kueue;
  const of = (each: string) => driver(env, `${name}-${each}`);
  const queue = (spec: { training: Record<string, unknown> }) => {
    spec.training.queueName = 'gpus';
  };

  before('a Kueue with one GPU to give, and a shop', async () => {
    env = await environment();
    kueue = await startKueue(env.kubectl.kubeconfig);
    await env.kubectl.apply(queues(env.shop.namespace));
    await env.shop.importPictograms(name, { arguments: ['--size', '400'] });
  });

  after(async () => {
    await env?.kubectl.run([
      ...['delete', 'modelrelease', `${name}-one`, `${name}-two`],
      ...['-n', env.shop.namespace, '--ignore-not-found', '--cascade=foreground'],
    ]);
    await kueue?.uninstall();
  });

  it('one trains, the other says in the words of Kueue for what it waits; both serve in the end', async () => {
    const [one, two] = [of('one'), of('two')];
    await one.apply(queue, name);
    await one.follow('to train', ({ status }) => status?.run?.reason === 'Training');
    await two.apply(queue, name);
    const waiting = await two.follow('to wait with the words of Kueue', ({ status }) =>
      /unused quota for nvidia.com\/gpu/.test(status?.run?.message ?? ''),
    );
    expect(waiting.status?.run?.reason).to.equal('Queued');
    expect(waiting.status?.phase).to.equal('Waiting');
    const first = await one.settled('the first to serve');
    const second = await two.settled('the second to serve');
    const train = await env.kubectl.get('job', `${second.release}-train`, env.shop.namespace);
    const before = await env.kubectl.get('job', `${first.release}-train`, env.shop.namespace);
    expect(Date.parse(train.status.startTime)).to.be.at.least(
      Date.parse(before.status.completionTime),
    );
  });
});

/** One GPU for all of this namespace. */
function queues(namespace: string): object[] {
  const resource = (name: string, nominalQuota: string) => ({ name, nominalQuota });
  const resources = [
    resource('cpu', '100'),
    resource('memory', '100Gi'),
    resource('nvidia.com/gpu', '1'),
  ];
  const coveredResources = resources.map(({ name }) => name);
  const flavors = [{ name: 'any', resources }];
  const object = (kind: string, name: string, spec: object, at = {}) => ({
    ...{ apiVersion: version, kind, metadata: { name, ...at }, spec },
  });
  return [
    object('ResourceFlavor', 'any', {}),
    object('ClusterQueue', 'gpus', {
      namespaceSelector: {},
      resourceGroups: [{ coveredResources, flavors }],
    }),
    object('LocalQueue', 'gpus', { clusterQueue: 'gpus' }, { namespace }),
  ];
}
