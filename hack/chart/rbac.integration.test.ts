import { expect } from 'chai';
import { kubeconfigConnection } from '../../operator/kube/connection.ts';
import { requestInfo } from '../../operator/kube/request-info.ts';
import { createTransport, type Exchange, type Transport } from '../../operator/kube/transport.ts';
import type { Operator } from '../../operator/operator.ts';
import { goodMessages, type PlayedKubelet, playKubelet } from '../../operator/played-kubelet.ts';
import { live } from '../../operator/played-life.ts';
import { startTestOperator, testConfig } from '../../operator/test-operator.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { actingAs } from './acting-as.ts';
import { installChart } from './chart.ts';
import { chartRules, compareWithRules } from './rbac.ts';

const namespace = 'shelfwise-system';

/** Runs that between them take every way that the operator has of asking the API server for something. */
const story = [
  { finds: { dataset: 'first', accuracy: 0.9 }, outcome: 'Served' },
  { finds: { dataset: 'first', accuracy: 0.9 }, outcome: 'NoNewData' },
  { finds: { dataset: 'shuffled', accuracy: 0.5 }, outcome: 'GateFailed' },
  { finds: { dataset: 'second', accuracy: 0.95 }, outcome: 'Served' },
];

/** What this story does not ask for. */
const rare = [
  // When the same event comes again: operator/kube/events.test.ts.
  { verb: 'patch', resource: 'events.events.k8s.io' },
  // When a pod or a Job does not come on.
  { verb: 'list', resource: 'events' },
  // When train waits in a queue: operator/kueue.integration.test.ts.
  { verb: 'list', resource: 'workloads.kueue.x-k8s.io' },
  // When somebody changed a Service, or a new version of the operator wants another one.
  { verb: 'patch', resource: 'services' },
  // Where the API server does not send a list as a watch.
  ...[
    'controllerrevisions.apps',
    'deployments.apps',
    'jobs.batch',
    'modelreleases.shelfwise.dev',
    'pods',
    'services',
  ].map((resource) => ({ verb: 'list', resource })),
  // When the first release ever does not become ready: there is none to go back to.
  { verb: 'delete', resource: 'deployments.apps' },
];

describe('the operator under the rules of the chart', function () {
  this.timeout(1_800_000); // the first time it builds Kubernetes and Helm
  let plane: ControlPlane;
  let admin: Transport;
  let kubelet: PlayedKubelet;
  let operator: Operator;
  const exchanges: Exchange[] = [];

  before(async () => {
    plane = await startControlPlane();
    await installChart(plane.kubeconfig, namespace);
    const connection = await kubeconfigConnection([plane.kubeconfig]);
    admin = createTransport({ connection, userAgent: 'test' });
    const releases: string[] = [];
    kubelet = playKubelet(admin, (context) => {
      if (!releases.includes(context.release)) releases.push(context.release);
      const chapter = story[releases.indexOf(context.release)];
      if (!chapter) throw new Error(`${context.release} is one run more than were asked for.`);
      return goodMessages(context, chapter.finds);
    });
    const times = { leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 2 };
    const user = `system:serviceaccount:${namespace}:shelfwise`;
    operator = await startTestOperator(actingAs(user, connection), {
      config: {
        ...testConfig,
        leaderElection: { namespace, name: 'shelfwise', podUid: undefined, ...times },
      },
      intercept: sendingTwice,
      observe: (exchange) => exchanges.push(exchange),
    });
  });

  after(async () => {
    await operator?.stop();
    await kubelet?.stop();
    await admin?.close();
    await plane?.stop();
  });

  it('lives through every kind of run, is refused nothing, and has no rule that it does not need', async () => {
    const outcomes = story.map(({ outcome }) => outcome);
    await live(admin, 'shop', outcomes, { historyLimit: 2 });
    const refused = exchanges.filter(({ code }) => code === 403);
    expect(refused, JSON.stringify(refused[0])).to.deep.equal([]);
    const compared = compareWithRules(await chartRules(), [...exchanges, ...rare]);
    expect(compared).to.deep.equal({ missing: [], unused: [] });
  });
});

/** The first object of each kind is sent twice, as after a lost answer: it exists already, and the operator asks whose it is. */
function sendingTwice(direct: Transport): Transport {
  const sent = new Set<string>();
  return {
    ...direct,
    async request(request) {
      const { verb, resource } = requestInfo(request.method, request.path);
      if (verb === 'create' && !sent.has(resource)) {
        sent.add(resource);
        await direct.request(request);
      }
      return direct.request(request);
    },
  };
}
