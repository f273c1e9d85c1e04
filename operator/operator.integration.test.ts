import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { waitFor } from '../hack/process/wait.ts';
import type { Exchange } from './kube/transport.ts';
import type { Operator } from './operator.ts';
import { type Chapter, type PlayedCluster, startPlayedCluster } from './played-cluster.ts';
import { live, stateAtRest, statusOf, touch } from './played-life.ts';
import { startTestOperator } from './test-operator.ts';

const story: Chapter[] = [
  { finds: { dataset: 'first', accuracy: 0.9 }, outcome: 'Served' },
  { finds: { dataset: 'first', accuracy: 0.9 }, outcome: 'NoNewData' },
  { finds: { dataset: 'shuffled', accuracy: 0.5 }, outcome: 'GateFailed' },
  { finds: { dataset: 'second', accuracy: 0.95 }, outcome: 'Served' },
];
const whole = story.map(({ outcome }) => outcome);
/** So that records and Jobs are pruned, too. */
const spec = { historyLimit: 2 };

/** What is left of a life when it is still, and what it took. */
interface Life {
  state: string[];
  /** What the API server did: `create jobs.batch` → 10. Events are not counted. */
  done: Record<string, number>;
  /** The Job of each pod of a step, in order. */
  jobs: string[];
}

describe('operator against a real API server', () => {
  let cluster: PlayedCluster;
  before(async () => {
    cluster = await startPlayedCluster(story);
  });
  after(() => cluster?.stop());

  /** A life in a namespace of its own. */
  async function lifeOf(namespace: string, expected?: Life): Promise<Life> {
    const done: Record<string, number> = {};
    const observe = ({ verb, resource, code }: Exchange) => {
      const what = `${verb} ${resource}`;
      const counts = code >= 200 && code < 300 && /^(create|delete) (?!events)/.test(what);
      if (counts) done[what] = (done[what] ?? 0) + 1;
    };
    const namespaces = [namespace];
    const operator = await startTestOperator(cluster.connection, { namespaces, observe });
    try {
      await live(cluster.transport, namespace, whole, spec);
      const state = await stateAtRest(cluster.transport, namespace, { expected: expected?.state });
      return { state, done, jobs: jobsOf(namespace) };
    } finally {
      await operator.stop();
    }
  }

  function jobsOf(namespace: string): string[] {
    const mine = cluster.kubelet.started.filter((pod) => pod.startsWith(`${namespace}/`));
    return mine.map((pod) => pod.replace(/-[a-z0-9]{5}$/, ''));
  }

  /** In what a life differs from the one without faults. */
  function violations(expected: Life, seen: Life): string[] {
    return [
      ...expected.state
        .filter((line) => !seen.state.includes(line))
        .map((line) => `misses ${line}`),
      ...seen.state.filter((line) => !expected.state.includes(line)).map((line) => `has ${line}`),
      ...(seen.jobs.length === expected.jobs.length ? [] : [`started ${seen.jobs.join(', ')}`]),
      ...Object.entries(expected.done).flatMap(([what, times]) =>
        seen.done[what] === times ? [] : [`${what}: ${seen.done[what] ?? 0} times, not ${times}`],
      ),
    ];
  }

  let reference: Life;

  it('takes a ModelRelease through served, nothing new, failed and served again', async () => {
    reference = await lifeOf('plain');
    // Nothing is trained on data that are known, and nothing runs twice.
    expect(reference.jobs.map((job) => job.split('-').at(-1)).join(' ')).to.equal(
      'snapshot train evaluate snapshot snapshot train evaluate snapshot train evaluate',
    );
    expect(new Set(reference.jobs).size).to.equal(10);
    // Two of four runs are beyond the limit: one with three Jobs, one with a single one.
    expect(reference.done).to.include({
      'create controllerrevisions.apps': 4,
      'create jobs.batch': 10,
      'delete controllerrevisions.apps': 2,
      'delete jobs.batch': 4,
    });
    const status = await statusOf(cluster.transport, 'plain');
    expect(status?.history?.map(({ outcome }) => outcome)).to.deep.equal(['Served', 'GateFailed']);
    expect(status?.serving?.accuracy).to.equal('0.9500');
  });

  it('writes nothing more once all is as it should be, also after a restart', async () => {
    const exchanges: Exchange[] = [];
    const observe = (exchange: Exchange) => exchanges.push(exchange);
    const operator = await startTestOperator(cluster.connection, {
      namespaces: ['plain'],
      observe,
    });
    try {
      await reconciled(operator, 1);
      // A change that means nothing makes it look again.
      await touch(cluster.transport, 'plain');
      await reconciled(operator, 2);
    } finally {
      await operator.stop();
    }
    expect(exchanges.filter(({ verb }) => !['list', 'watch', 'get'].includes(verb))).to.deep.equal(
      [],
    );
  });

  it('goes on after an API server that was away in the middle of a run', async () => {
    const outage = (async () => {
      await waitFor(async () => jobsOf('outage').length > 0 || undefined, {
        what: 'the first step',
        limitMs: 120_000,
      });
      await cluster.plane.kill('kube-apiserver', 'SIGKILL');
      await cluster.plane.restart('kube-apiserver');
    })();
    const [life] = await Promise.all([lifeOf('outage', reference), outage]);
    const found = violations(reference, life);
    if (found.length > 0) expect.fail(found.join('\n'));
  }).timeout(1_800_000);

  describe('as a process', () => {
    const environment = () => ({
      PATH: '/usr/bin:/bin',
      KUBECONFIG: cluster.kubeconfig,
      TRAINER_IMAGE: 'r/trainer:1',
      SNAPSHOT_IMAGE: 'r/snapshot:1',
      INFERENCE_IMAGE: 'r/inference:1',
      PORT: '0',
    });
    const running = new Set<ChildProcess>();
    after(() => {
      for (const child of running) child.kill('SIGKILL');
    });

    /** The program, and the lines that it has logged so far. */
    function run(env: Record<string, string>): {
      child: ChildProcess;
      lines: string[];
      ended: Promise<number | null>;
    } {
      const main = new URL('main.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
      running.add(child);
      const lines: string[] = [];
      child.stderr
        .setEncoding('utf8')
        .on('data', (text: string) => lines.push(...text.trim().split('\n')));
      const ended = once(child, 'close').then(([code]) => {
        running.delete(child);
        return code as number | null;
      });
      return { child, lines, ended };
    }

    it('ends by SIGTERM in order', async () => {
      const program = run(environment());
      await waitFor(
        async () => program.lines.some((line) => line.includes('"Ready"')) || undefined,
        { what: 'the program to be ready', limitMs: 300_000 },
      );
      program.child.kill('SIGTERM');
      const code = await program.ended;
      expect(code, program.lines.join('\n')).to.equal(0);
      expect(program.lines.filter((line) => JSON.parse(line).level >= 50)).to.deep.equal([]);
    }).timeout(1_800_000);

    it('ends with a sentence when its environment is not complete, or names no cluster', async () => {
      const { TRAINER_IMAGE: _, ...incomplete } = environment();
      const first = run(incomplete);
      expect(await first.ended).to.equal(1);
      expect(first.lines.join('\n')).to.contain('TRAINER_IMAGE is not set');
      const second = run({ ...environment(), KUBECONFIG: '/nowhere/kubeconfig' });
      expect(await second.ended).to.equal(1);
      expect(second.lines.join('\n')).to.contain('/nowhere/kubeconfig');
    });
  });
});

/** Waits for so many reconciles, and until no other waits for its turn. */
async function reconciled(operator: Operator, times: number): Promise<void> {
  let seen: number[] = [];
  await waitFor(
    async () => {
      const text = await (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text();
      const lines = text.split('\n');
      const value = (series: string) =>
        Number(lines.find((line) => line.startsWith(series))?.split(' ')[1] ?? 0);
      const done = value('shelfwise_operator_reconcile_seconds_count{outcome="done"}');
      const waiting = value('shelfwise_operator_queue_depth');
      seen = [done, waiting];
      return (done >= times && waiting === 0) || undefined;
    },
    { what: `${times} reconciles`, limitMs: 300_000 },
  ).catch((error) => expect.fail(`${error.message} Done and waiting: ${seen}`));
}
