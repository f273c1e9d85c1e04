import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Upstream, upstreamOf } from '../hack/chaos/proxy.ts';
import { actingAs } from '../hack/chart/acting-as.ts';
import { type ControlPlane, startControlPlane } from '../hack/cluster/control-plane.ts';
import { waitFor } from '../hack/process/wait.ts';
import { modelReleases } from './api/model-release.ts';
import { kubeconfigConnection } from './kube/connection.ts';
import { LeaseLost } from './kube/leader-election.ts';
import type { Lease } from './kube/lease.ts';
import { listAll } from './kube/list.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects } from './kube/objects.ts';
import { controllerRevisions, jobs, leases, pathOf } from './kube/resource.ts';
import { createTransport, type Exchange, type Transport } from './kube/transport.ts';
import { installCrd, mountAccount } from './played-cluster.ts';
import { createNamespace, modelRelease } from './played-life.ts';
import { type AtWrite, type PlayedOperator, startPlayedOperator } from './played-operators.ts';
import { startTestOperator, testConfig } from './test-operator.ts';

/** Operators as processes, with the times that they have by default. No node runs a pod: the work is to begin runs. */
describe('operators that share a Lease', function () {
  this.timeout(1_800_000);
  let plane: ControlPlane;
  let admin: Transport;
  let upstream: Upstream;
  let account: string;
  const all: PlayedOperator[] = [];
  /** Takeovers as they were, for whoever reads the output: nothing is asserted of how long they took. */
  const took: string[] = [];

  before(async () => {
    plane = await startControlPlane();
    admin = createTransport({
      connection: await kubeconfigConnection([plane.kubeconfig]),
      userAgent: 'test',
    });
    await installCrd(admin);
    upstream = await upstreamOf(plane);
    account = join(dirname(plane.kubeconfig), 'account');
    await mountAccount(plane, admin, account);
  });
  after(async () => {
    await Promise.all(all.map((each) => each.stop()));
    await admin?.close();
    await plane?.stop();
    for (const line of took) console.log(`      ${line}`);
  });

  /** The one that leads, and one that stands by: started where there is none. */
  async function pair(): Promise<[PlayedOperator, PlayedOperator]> {
    const running = () => all.filter(({ process }) => process.ended() === undefined);
    const directory = dirname(plane.kubeconfig);
    while (running().length < 2) {
      const name = `operator-${all.length + 1}`;
      all.push(await startPlayedOperator({ name, upstream, account, directory }));
    }
    return until('one leader', async () => {
      const [one, other] = running() as [PlayedOperator, PlayedOperator];
      const leading = await Promise.all([one.leads(), other.leads()]);
      if (leading[0] === leading[1]) return undefined;
      return leading[0] ? [one, other] : [other, one];
    });
  }

  async function apply(namespace: string): Promise<void> {
    const objects = createObjects({ transport: admin, fieldManager: 'person' });
    await createNamespace(admin, namespace);
    await objects.create(modelReleases, modelRelease(namespace));
  }

  /** What there is of a run in its first step, once the operator has no more to do for it. */
  async function begun(namespace: string): Promise<string[]> {
    return until(`the run in ${namespace} to have begun`, async () => {
      const lists = [controllerRevisions, jobs, modelReleases].map((resource) =>
        listAll<KubernetesObject & { status?: { run?: { step: string } } }>(admin, {
          resource,
          namespace,
        }),
      );
      const [records, steps, releases] = (await Promise.all(lists)).map(({ items }) => items);
      if (releases?.[0]?.status?.run?.step !== 'snapshot') return undefined;
      return [...(records ?? []), ...(steps ?? [])].map(({ kind }) => kind);
    });
  }

  async function lease(): Promise<Lease['spec']> {
    const objects = createObjects({ transport: admin, fieldManager: 'test' });
    const name = { namespace: 'default', name: 'shelfwise-operator' };
    return (await objects.get<Lease>(leases, name))?.spec;
  }

  it('has one that leads and one that stands by, ready, and writes nothing', async () => {
    const [leader, standby] = await pair();
    await apply('plain');
    expect(await begun('plain')).to.deep.equal(['ControllerRevision', 'Job']);
    expect(leader.writes.map(({ verb, resource }) => `${verb} ${resource}`)).to.include.members([
      'create controllerrevisions.apps',
      'create jobs.batch',
      'patch modelreleases.shelfwise.dev/status',
    ]);
    expect(standby.writes).to.deep.equal([]);
    expect(await standby.process.isReady()).to.equal(true);
    expect((await lease())?.holderIdentity).to.match(new RegExp(`^${leader.name}_`));
  });

  /** Where in its work the leader is frozen, and thawed when another leads. */
  const moments: { name: string; side: 'before' | 'after'; nth: number }[] = [
    // The rest of its plan is still to come when it wakes up.
    { name: 'with the answer to its first write on the way', side: 'after', nth: 1 },
    { name: 'with the answer to its second write on the way', side: 'after', nth: 2 },
    // It arrives when another leads: only its own precondition is in its way.
    { name: 'with its first write on the way', side: 'before', nth: 1 },
    { name: 'with its third write on the way', side: 'before', nth: 3 },
  ];
  for (const [index, { name, side, nth }] of moments.entries()) {
    it(`is stopped by SIGSTOP ${name}: another finishes the work, and it writes nothing more`, async () => {
      const [leader, standby] = await pair();
      const namespace = `frozen-${index}`;
      const frozen = Promise.withResolvers<number>();
      const thaw = Promise.withResolvers<void>();
      const already = leader.writes.length;
      const strike: AtWrite = (_, at) => {
        if (at !== already + nth) return undefined;
        void leader.process.signal('SIGSTOP');
        frozen.resolve(performance.now());
        return thaw.promise;
      };
      leader[side] = strike;
      await apply(namespace);
      const since = await frozen.promise;
      expect(await begun(namespace)).to.deep.equal(['ControllerRevision', 'Job']);
      const first = standby.writes[0]?.at ?? Number.NaN;
      took.push(`after SIGSTOP the next write came ${seconds(first - since)} later`);
      const holder = (await lease())?.holderIdentity;
      const writes = leader.writes.length;
      const others = standby.writes.length;
      await leader.process.signal('SIGCONT');
      thaw.resolve();
      expect(await ended(leader)).to.equal('exit code 1');
      expect(leader.writes.slice(writes)).to.deep.equal([]);
      const last = JSON.parse((await leader.log()).at(-1) ?? '{}');
      expect(last).to.include({ level: 60 });
      expect(last.msg).to.match(
        /^The Lease default\/shelfwise-operator is not held any more: .*\.$/,
      );
      expect(await begun(namespace)).to.deep.equal(['ControllerRevision', 'Job']);
      expect((await lease())?.holderIdentity).to.equal(holder);
      // What was late has changed nothing that the successor would have to correct.
      expect(standby.writes.slice(others)).to.deep.equal([]);
    });
  }

  it('gives the Lease back on SIGTERM: the other leads at once', async () => {
    const [leader, standby] = await pair();
    const transitions = (await lease())?.leaseTransitions ?? 0;
    const since = performance.now();
    await leader.process.signal('SIGTERM');
    expect(await ended(leader)).to.equal('exit code 0');
    await until('the other to lead', async () => (await standby.leads()) || undefined);
    took.push(`after SIGTERM another led ${seconds(performance.now() - since)} later`);
    expect((await lease())?.leaseTransitions).to.equal(transitions + 1);
    await apply('terminated');
    expect(await begun('terminated')).to.deep.equal(['ControllerRevision', 'Job']);
  });

  it('finishes what it has begun before it gives the Lease back', async () => {
    const [leader, standby] = await pair();
    const before = { leader: leader.writes.length, standby: standby.writes.length };
    const answer = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    leader.after = (_, nth) => {
      if (nth !== before.leader + 1) return undefined;
      void leader.process.signal('SIGTERM');
      asked.resolve();
      return answer.promise;
    };
    await apply('drained');
    await asked.promise;
    await until('its word that it stops', async () =>
      (await leader.log()).find((line) => /Stopping/.test(line)),
    );
    // Two looks of the other pass, and it finds the Lease held.
    const renewed = (await lease())?.renewTime;
    await until('two renewals', async () => {
      const { renewTime, holderIdentity } = (await lease()) ?? {};
      expect(holderIdentity).to.match(new RegExp(`^${leader.name}_`));
      return Date.parse(renewTime ?? '') - Date.parse(renewed ?? '') > 3_000 || undefined;
    });
    answer.resolve();
    expect(await ended(leader)).to.equal('exit code 0');
    const rest = leader.writes
      .slice(before.leader)
      .map(({ verb, resource }) => `${verb} ${resource}`);
    expect(rest).to.deep.equal([
      'create controllerrevisions.apps',
      'create jobs.batch',
      'create services',
      'create services',
      'patch modelreleases.shelfwise.dev/status',
    ]);
    expect(await begun('drained')).to.deep.equal(['ControllerRevision', 'Job']);
    await until('the other to lead', async () => (await standby.leads()) || undefined);
    expect(
      standby.writes.slice(before.standby).filter(({ verb }) => verb === 'create'),
    ).to.deep.equal([]);
  });

  it('lets one that stands by go without a word to the Lease', async () => {
    const [leader, standby] = await pair();
    await standby.process.signal('SIGTERM');
    expect(await ended(standby)).to.equal('exit code 0');
    expect(await leader.leads()).to.equal(true);
    expect((await lease())?.holderIdentity).to.match(new RegExp(`^${leader.name}_`));
  });

  /** In this process, with a Lease of its own. */
  async function startHere(
    namespace: string,
    name: string,
    observe?: (exchange: Exchange) => void,
  ) {
    const times = { leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 2 };
    const user = 'system:serviceaccount:default:operator';
    const connection = actingAs(user, await kubeconfigConnection([plane.kubeconfig]));
    return startTestOperator(connection, {
      config: { ...testConfig, leaderElection: { namespace, name, podUid: undefined, ...times } },
      namespaces: ['here'],
      ...(observe ? { observe } : {}),
    });
  }

  it('is told by a rejection that its Lease was taken, writes nothing more, and can be stopped', async () => {
    const objects = createObjects({ transport: admin, fieldManager: 'test' });
    const exchanges: Exchange[] = [];
    const operator = await startHere('default', 'taken', (exchange) => exchanges.push(exchange));
    const ended = operator.ended.then(
      () => expect.fail('It ended as if nothing had been.'),
      (error: Error) => error,
    );
    const name = { namespace: 'default', name: 'taken' };
    await until('it to lead', async () => (await objects.get(leases, name)) && true);
    await admin.request({
      method: 'PATCH',
      path: pathOf(leases, name),
      contentType: 'application/merge-patch+json',
      body: { spec: { holderIdentity: 'somebody' } },
    });
    expect(await ended).to.be.instanceOf(LeaseLost);
    expect((await ended).message).to.contain('somebody holds it.');
    const before = exchanges.length;
    await apply('here');
    await operator.stop();
    const after = exchanges.slice(before).map(({ verb }) => verb);
    expect(after.filter((verb) => !['get', 'list', 'watch'].includes(verb))).to.deep.equal([]);
    expect((await objects.get<Lease>(leases, name))?.spec?.holderIdentity).to.equal('somebody');
  });

  it('is not ready, and says why, where it can never lead', async () => {
    const operator = await startHere('nowhere', 'lost');
    try {
      await operator.ready;
      await until('its reason', async () => {
        const page = await fetch(`http://127.0.0.1:${operator.port}/readyz`);
        const text = await page.text();
        const why = /the Lease nowhere\/lost \(Cannot create leases.* "nowhere" not found\)/;
        return (page.status === 503 && why.test(text)) || undefined;
      });
    } finally {
      await operator.stop();
    }
  });

  it('is killed: the other leads once the Lease has run out', async () => {
    const [leader, standby] = await pair();
    const since = performance.now();
    await leader.process.signal('SIGKILL');
    await apply('killed');
    expect(await begun('killed')).to.deep.equal(['ControllerRevision', 'Job']);
    expect(await standby.leads()).to.equal(true);
    took.push(
      `after SIGKILL the next write came ${seconds((standby.writes[0]?.at ?? 0) - since)} later`,
    );
  });
});

function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  return waitFor(attempt, { what, limitMs: 120_000, everyMs: 100 });
}

/** Waits for its end, and says how it was. */
async function ended(operator: PlayedOperator): Promise<string> {
  return until(`${operator.name} to end`, async () => operator.process.ended()).catch(
    async (error) => expect.fail(`${error.message}\n${(await operator.log()).join('\n')}`),
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
