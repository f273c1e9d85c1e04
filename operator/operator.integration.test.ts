import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { parse } from 'yaml';
import { chartRules } from '../hack/chart/rbac.ts';
import { type ControlPlane, startControlPlane } from '../hack/cluster/control-plane.ts';
import { waitFor } from '../hack/process/wait.ts';
import { ApiError } from './kube/api-error.ts';
import { type Connection, inClusterConnection, kubeconfigConnection } from './kube/connection.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects } from './kube/objects.ts';
import { requestInfo } from './kube/request-info.ts';
import type { Resource } from './kube/resource.ts';
import {
  type ApiRequest,
  createTransport,
  type Exchange,
  type Transport,
} from './kube/transport.ts';
import { type Operator, type OperatorOptions, startOperator } from './operator.ts';
import { goodMessages, type Outcomes, type PlayedKubelet, playKubelet } from './played-kubelet.ts';
import { live, stateOf, statusOf, touch } from './played-life.ts';

const crds: Resource = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  clusterScoped: true,
};

/** What the runs of one life find, and how they therefore end. */
const story: { finds: Outcomes; outcome: string }[] = [
  { finds: { dataset: 'first', accuracy: 0.9 }, outcome: 'Served' },
  { finds: { dataset: 'first', accuracy: 0.9 }, outcome: 'NoNewData' },
  { finds: { dataset: 'shuffled', accuracy: 0.5 }, outcome: 'GateFailed' },
  { finds: { dataset: 'second', accuracy: 0.95 }, outcome: 'Served' },
];
const outcomes = story.map(({ outcome }) => outcome);
/** So that records and Jobs are pruned, too. */
const spec = { historyLimit: 2 };

type Fault = { nth: number; mode: 'killed before' | 'killed after' | 'answer lost' };
const modes: Fault['mode'][] = ['killed before', 'killed after', 'answer lost'];

interface Life {
  state: string[];
  /** Requests that wrote something, whether or not the operator heard of it. */
  writes: number;
  /** What the API server did for the operator: `create jobs.batch`: 10. Events and status are not counted. */
  done: Record<string, number>;
  /** Every Job that had a pod, in order; twice, if it had two. */
  jobs: string[];
  struck: boolean;
}

describe('operator against a real API server', () => {
  let plane: ControlPlane;
  /** An administrator; the operator itself has the rights that the chart gives it. */
  let transport: Transport;
  let connection: Connection;
  let directory: string;
  let kubelet: PlayedKubelet;
  const releases = new Map<string, string[]>();

  before(async () => {
    plane = await startControlPlane();
    const admin = await kubeconfigConnection([plane.kubeconfig]);
    transport = createTransport({ connection: admin, userAgent: 'test' });
    await installCrd(transport);
    directory = await mkdtemp(join(tmpdir(), 'operator-'));
    await writeFile(join(directory, 'ca.crt'), String(admin.tls().ca));
    await writeFile(join(directory, 'token'), await serviceAccount(transport));
    const { hostname: host, port } = new URL(plane.url);
    connection = inClusterConnection({ host, port, directory });
    kubelet = playKubelet(transport, (context) => {
      const known = releases.get(context.namespace) ?? [];
      if (!known.includes(context.release)) known.push(context.release);
      releases.set(context.namespace, known);
      const chapter = story[known.indexOf(context.release)];
      if (!chapter)
        throw new Error(`${context.namespace}/${context.release} is a run that nobody asked for.`);
      return goodMessages(context, chapter.finds);
    });
  });

  after(async () => {
    await kubelet?.stop();
    await transport?.close();
    await plane?.stop();
    if (directory) await rm(directory, { recursive: true });
  });

  const start = (options: Partial<OperatorOptions>): Promise<Operator> =>
    startOperator({
      config: {
        images: { trainer: 'r/trainer:1', snapshot: 'r/snapshot:1', inference: 'r/inference:1' },
        imagePullPolicy: 'IfNotPresent',
        port: 0,
        pod: 'operator-0',
      },
      connection,
      version: 'test',
      log: pino({ level: 'silent' }),
      timing: { baseDelayMs: 50, maximumDelayMs: 1_000 },
      ...options,
    });

  /** A whole life in a namespace of its own, with one fault or none. */
  async function wholeLife(namespace: string, fault?: Fault): Promise<Life> {
    let writes = 0;
    let struck = false;
    const done: Record<string, number> = {};
    let operator: Promise<Operator>;
    const intercept = (direct: Transport): Transport => {
      let dead = false;
      const gone = ({ method, path }: ApiRequest) =>
        new ApiError({
          ...requestInfo(method, path),
          status: 0,
          reason: 'Unreachable',
          message: 'no answer, says the test.',
        });
      const kill = () => {
        dead = true;
        const killed = operator;
        // What was in flight goes on to its end, but reaches nobody any more.
        operator = killed
          .then((each) => each.stop())
          .then(() => start({ namespace, intercept, observe }));
      };
      return {
        ...direct,
        async stream(request) {
          if (dead) throw gone(request);
          return direct.stream(request);
        },
        async request<T>(request: ApiRequest): Promise<T> {
          if (dead) throw gone(request);
          if (request.method !== 'GET') writes++;
          if (request.method === 'GET' || writes !== fault?.nth || struck)
            return direct.request<T>(request);
          struck = true;
          if (fault.mode === 'killed before') kill();
          else await direct.request<T>(request);
          if (fault.mode === 'killed after') kill();
          throw gone(request);
        },
      };
    };
    const observe = ({ verb, resource, code }: Exchange) => {
      const what = `${verb} ${resource}`;
      if (/^(create|delete) (?!events)/.test(what) && code < 300 && code > 0)
        done[what] = (done[what] ?? 0) + 1;
    };
    operator = start({ namespace, intercept, observe });
    try {
      await live(transport, namespace, outcomes, spec);
      const state = await settled(namespace);
      const jobsOf = kubelet.started.filter((pod) => pod.startsWith(`${namespace}/`));
      return {
        writes,
        struck,
        state,
        done,
        jobs: jobsOf.map((pod) => pod.replace(/-[a-z0-9]{5}$/, '')),
      };
    } finally {
      await (await operator).stop();
    }
  }

  /** The state once it is the expected one, or, where none is known, once it stays the same. */
  async function settled(namespace: string): Promise<string[]> {
    let before: string | undefined;
    let state: string[] = [];
    const still = async () => {
      state = await stateOf(transport, namespace);
      const text = state.join('\n');
      const same = text === (reference?.state.join('\n') ?? before);
      before = text;
      return same || undefined;
    };
    // If it never is, the caller's comparison shows in what it differs.
    await waitFor(still, { what: 'stillness', limitMs: 30_000, everyMs: 1_000 }).catch(
      () => undefined,
    );
    return state;
  }

  let reference: Life | undefined;

  it('takes a ModelRelease through served, nothing new, failed and served again', async () => {
    reference = await wholeLife('plain');
    const { jobs, done } = reference;
    // Nothing is trained on data that are known, and nothing runs twice.
    const steps = [
      'snapshot train evaluate',
      'snapshot',
      'snapshot train evaluate',
      'snapshot train evaluate',
    ].join(' ');
    expect(jobs.map((job) => job.split('-').at(-1)).join(' ')).to.equal(steps);
    expect(new Set(jobs).size).to.equal(jobs.length);
    // Two of the four runs are beyond the history limit; the Jobs of the first were 3, of the second 1.
    expect(done).to.include({
      'create controllerrevisions.apps': 4,
      'create jobs.batch': 10,
      'delete controllerrevisions.apps': 2,
      'delete jobs.batch': 4,
    });
    const status = await statusOf(transport, 'plain');
    expect(status?.history?.map(({ outcome }) => outcome)).to.deep.equal(['Served', 'GateFailed']);
    expect(status?.serving?.accuracy).to.equal('0.9500');
  });

  it('writes nothing more once all is as it should be, also after a restart', async () => {
    const exchanges: Exchange[] = [];
    const operator = await start({
      namespace: 'plain',
      observe: (exchange) => exchanges.push(exchange),
    });
    try {
      await operator.ready;
      await reconciled(operator, 1);
      // A change that means nothing makes it look again.
      await touch(transport, 'plain');
      await reconciled(operator, 2);
    } finally {
      await operator.stop();
    }
    const writes = exchanges.filter(({ verb }) => !['list', 'watch', 'get'].includes(verb));
    expect(writes).to.deep.equal([]);
  });

  it('comes to the same end however it is killed or left without an answer, and never starts a step twice', async () => {
    const expected = reference as Life;
    const faults = Array.from({ length: expected.writes }, (_, n): Fault => {
      // Every write has its fault; the next write has another one.
      return { nth: n + 1, mode: modes[n % modes.length] as Fault['mode'] };
    });
    const violations: string[] = [];
    const play = async (fault: Fault): Promise<void> => {
      const namespace = `fault-${fault.nth}-${fault.mode.replace(' ', '-')}`;
      const say = (what: string) => violations.push(`${fault.mode} write ${fault.nth}: ${what}`);
      const life = await wholeLife(namespace, fault).catch((error) => say(String(error)));
      if (typeof life === 'number') return;
      for (const line of difference(expected.state, life.state)) say(line);
      if (life.jobs.length !== expected.jobs.length) say(`pods of ${life.jobs.join(', ')}`);
      for (const [what, count] of Object.entries(expected.done)) {
        if (life.done[what] !== count) say(`${what}: ${life.done[what]} times, not ${count}`);
      }
    };
    await inParallel(faults, 12, play);
    expect(violations).to.deep.equal([]);
  });
});

async function installCrd(transport: Transport): Promise<void> {
  const text = await readFile(new URL('../crds/modelreleases.yaml', import.meta.url), 'utf8');
  // The schema of what occurs several times is written once there.
  const crd = parse(text, { merge: true });
  const objects = createObjects({ transport, fieldManager: 'test' });
  await objects.apply(crds, crd);
  type Crd = KubernetesObject & { status?: { conditions?: { type: string; status: string }[] } };
  await waitFor(
    async () => {
      const { status } = (await objects.get<Crd>(crds, crd.metadata)) ?? {};
      return status?.conditions?.find(
        (each) => each.type === 'Established' && each.status === 'True',
      );
    },
    { what: 'the CRD to be established', limitMs: 60_000 },
  );
}

/** A ServiceAccount with the chart's rules for the operator, and no others. Answers its token. */
async function serviceAccount(transport: Transport): Promise<string> {
  const rules = await chartRules();
  const objects = createObjects({ transport, fieldManager: 'test' });
  const rbac = 'rbac.authorization.k8s.io';
  const resource = (kind: string, plural: string): Resource => ({
    apiVersion: `${rbac}/v1`,
    kind,
    plural,
    clusterScoped: true,
  });
  const [role, binding] = [
    resource('ClusterRole', 'clusterroles'),
    resource('ClusterRoleBinding', 'clusterrolebindings'),
  ];
  const account = { namespace: 'default', name: 'operator' };
  const metadata = { name: 'operator' };
  await objects.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
  );
  await objects.apply(role, {
    apiVersion: role.apiVersion,
    kind: role.kind,
    metadata,
    rules,
  } as KubernetesObject);
  await objects.apply(binding, {
    apiVersion: binding.apiVersion,
    kind: binding.kind,
    metadata,
    roleRef: { apiGroup: rbac, kind: role.kind, name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  } as KubernetesObject);
  const { status } = await transport.request<{ status: { token: string } }>({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts/operator/token',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  return status.token;
}

/** Waits for so many reconciles, and until no other waits for its turn. */
async function reconciled(operator: Operator, times: number): Promise<void> {
  let seen: (number | undefined)[] = [];
  await waitFor(
    async () => {
      const text = await (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text();
      const value = (series: string) =>
        Number(
          text
            .split('\n')
            .find((line) => line.startsWith(series))
            ?.split(' ')[1] ?? 0,
        );
      seen = [
        value('shelfwise_operator_reconcile_seconds_count{outcome="done"}'),
        value('shelfwise_operator_queue_depth'),
      ];
      return ((seen[0] ?? 0) >= times && seen[1] === 0) || undefined;
    },
    { what: `${times} reconciles`, limitMs: 60_000 },
  ).catch((error) => {
    throw new Error(`${error.message} Seen: ${seen}`);
  });
}

function difference(expected: string[], seen: string[]): string[] {
  return [
    ...expected.filter((line) => !seen.includes(line)).map((line) => `misses ${line}`),
    ...seen.filter((line) => !expected.includes(line)).map((line) => `has ${line}`),
  ];
}

async function inParallel<T>(
  items: T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
