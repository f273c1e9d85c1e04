/** A ModelRelease from its first day to its deletion: a story that takes the operator through all that it does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../../operator/api/kubernetes.ts';
import { releaseLabel, runNowAnnotation } from '../../operator/api/metadata.ts';
import { type ModelRelease, modelReleases } from '../../operator/api/model-release.ts';
import { releaseName, timestamp } from '../../operator/api/names.ts';
import { deployments, pathOf } from '../../operator/kube/resource.ts';
import {
  createNamespace,
  modelRelease,
  removeModelRelease,
  stateAtRest,
  touch,
} from '../../operator/played-life.ts';
import { waitFor } from '../process/wait.ts';
import type { Evidence } from './evidence.ts';
import { arm, type Fault, needsTwo, noFault } from './faults.ts';
import { createJournal, type Entry, isLease } from './journal.ts';
import { type Operators, startOperators } from './operators.ts';
import { neverComes } from './oracles.ts';
import { type Witness, witness } from './witness.ts';
import type { World } from './world.ts';

const name = 'products';
const stable = 'products-stable';
/** Generous: a watch that has fallen silent is noticed only after minutes. */
const limitMs = 400_000;
const dataset = (story: string) => ({ dataset: { rakuten: { prefix: `played/${story}` } } });
const servingOf = (replicas: number) => ({ serving: { replicas } });
const last = 'second/9600';

export interface Lived extends Omit<Evidence, 'straightChildren' | 'granted'> {
  /** What the fault struck; undefined: nothing. */
  struck: string | undefined;
  watchEvents: number;
  seconds: number;
}

/** Lives in a namespace of its own. `expected`: the end state to wait for; without it, until it stays the same. */
export async function live(
  world: World,
  namespace: string,
  fault?: Fault,
  expected?: string[],
): Promise<Lived> {
  const started = performance.now();
  const journal = createJournal();
  await createNamespace(world.admin, namespace);
  const eyes = witness(world, namespace);
  const operators = await startOperators({
    world,
    namespace,
    journal,
    count: fault && needsTwo(fault) ? 2 : 1,
    arm: (hands) => (fault ? arm(fault, hands) : noFault),
  });
  let ended: Awaited<ReturnType<Operators['stop']>> | undefined;
  try {
    const story = await tell(world, namespace, eyes);
    const state = await stateAtRest(world.admin, namespace, expected ? { expected, limitMs } : {});
    await rest(world, namespace, operators);
    const before = journal.entries.length;
    await rest(world, namespace, operators);
    const writesAtRest = journal.entries.slice(before).filter(({ write }) => write !== undefined);
    // Not sooner: what is watched may be behind the state, which was asked for.
    const { born, gone } = eyes.counts();
    await removeModelRelease(world.admin, namespace);
    const orphans = await eyes.orphans();
    ended = await operators.stop();
    return {
      ...story,
      ...ended,
      state,
      born,
      gone,
      writesAtRest,
      children: childrenIn(state),
      orphans,
      activeTogether: eyes.activeTogether,
      usedTwice: eyes.usedTwice(),
      versions: eyes.versions,
      requests: journal.entries,
      leaders: leadersIn(journal.entries),
      struck: operators.fault.struck(),
      watchEvents: journal.events,
      seconds: (performance.now() - started) / 1000,
    };
  } catch (cause) {
    ended ??= await operators.stop();
    const words = [cause instanceof Error ? cause.message : cause, ...ended.exits];
    throw new StoryStopped(words.join(' '), operators.fault.struck(), cause);
  } finally {
    eyes.close();
  }
}

/** A life that did not come to its end. */
export class StoryStopped extends Error {
  readonly struck: string | undefined;

  constructor(message: string, struck: string | undefined, cause: unknown) {
    super(message, { cause });
    this.struck = struck;
  }
}

/** What such a ModelRelease serves that had the last spec of the story from its first day. */
export async function liveStraight(world: World, namespace: string): Promise<string[]> {
  await createNamespace(world.admin, namespace);
  const eyes = witness(world, namespace);
  const journal = createJournal();
  const operators = await startOperators({
    ...{ world, namespace, journal, count: 1 },
    arm: () => noFault,
  });
  try {
    await apply(world, namespace, dataset(last));
    await eyes.until('the release to serve', ({ status }) => status?.serving !== undefined);
    await eyes.deploymentTo('one pod to serve', servesWith(1));
    return childrenIn(await stateAtRest(world.admin, namespace));
  } finally {
    eyes.close();
    await operators.stop();
  }
}

type Story = Pick<Evidence, 'edits' | 'thereAndBack' | 'wrongSpec'>;

async function tell(world: World, namespace: string, eyes: Witness): Promise<Story> {
  const first = new Date(
    (await apply(world, namespace, dataset('first/9000'))).metadata.creationTimestamp ?? '',
  );
  let slot = first.getTime();
  const edits: Story['edits'] = [];
  const releaseAt = () => releaseName(name, new Date(slot));
  const ends = (outcome: string) =>
    eyes.until(`${releaseAt()} to end as ${outcome}`, ({ status }) =>
      status?.history?.some((run) => run.release === releaseAt() && run.outcome === outcome),
    );
  const edit = async (spec: object, what: string, seen: Parameters<typeof eyes.until>[1]) => {
    const { resourceVersion } = await patch(world, namespace, { spec });
    await eyes.until(what, seen, resourceVersion);
  };
  const runNow = async (story: object, outcome: string) => {
    // Two runs of one second would be one slot.
    slot = Math.max(slot + 1_000, Math.floor(Date.now() / 1_000) * 1_000);
    await sleep(Math.max(0, slot - Date.now()));
    const annotations = { [runNowAnnotation]: timestamp(new Date(slot)) };
    await patch(world, namespace, { metadata: { annotations }, spec: story });
    await ends(outcome);
  };

  await ends('Served');
  await eyes.deploymentTo('one pod to serve', servesWith(1));
  const before = eyes.served();

  await edit(servingOf(2), 'the change to be seen', isCurrent);
  await eyes.deploymentTo('two pods to serve', servesWith(2));
  edits.push({ edit: 'spec.serving.replicas 2', changed: eyes.served().join() !== before.join() });
  await edit(servingOf(1), 'the change to be seen', isCurrent);
  await eyes.deploymentTo('one pod to serve again', servesWith(1));
  const thereAndBack = { before, after: eyes.served() };

  const servedBefore = eyes.release();
  const cron = (text: string) => ({ schedule: { cron: text } });
  let named = false;
  await edit(cron(neverComes), 'the wrong schedule to be named', (object) => {
    named ||= isCurrent(object) && degraded(object) === 'InvalidSchedule';
    return named;
  });
  const wrongSpec = { named, servedBefore, servedMeanwhile: eyes.release() };
  await edit(
    cron('0 0 29 2 *'),
    'the right schedule to be seen',
    (object) => isCurrent(object) && degraded(object) === 'AsDesired',
  );

  const image = eyes.image();
  const drifted = await drift(world, namespace);
  const corrected = (each: Deployment) => eyes.image() === image && servesWith(1)(each);
  await eyes.deploymentTo('the drift to be corrected', corrected, drifted);

  await runNow(dataset('first/9000'), 'NoNewData');
  await runNow(dataset('shuffled/5000'), 'GateFailed');
  await runNow(dataset('third/9500/serve-11'), 'RolledBack');
  await runNow(dataset(last), 'Served');
  const servesLast = (each: Deployment) =>
    each.metadata.labels?.[releaseLabel] === releaseAt() && servesWith(1)(each);
  const changed = await eyes.deploymentTo('the last release to serve', servesLast).then(
    () => true,
    () => false,
  );
  edits.push({ edit: 'spec.dataset', changed });
  return { edits, thereAndBack, wrongSpec };
}

const isCurrent = ({ metadata, status }: ModelRelease) =>
  status?.observedGeneration === metadata.generation;

const degraded = ({ status }: ModelRelease) =>
  status?.conditions?.find(({ type }) => type === 'Degraded')?.reason;

const servesWith =
  (wanted: number) =>
  ({ metadata, spec, status }: Deployment): boolean =>
    spec?.replicas === wanted &&
    status?.observedGeneration === metadata.generation &&
    status?.updatedReplicas === wanted &&
    status?.availableReplicas === wanted &&
    status?.replicas === wanted;

function apply(world: World, namespace: string, spec: object): Promise<ModelRelease> {
  const body = modelRelease(namespace, { historyLimit: 2, ...spec });
  const path = pathOf(modelReleases, { namespace });
  return world.admin.request({ method: 'POST', path, body });
}

async function patch(world: World, namespace: string, body: object) {
  const contentType = 'application/merge-patch+json';
  const path = pathOf(modelReleases, { namespace, name });
  const patched = await world.admin.request<{ metadata: { resourceVersion: string } }>({
    ...{ method: 'PATCH', path, contentType, body },
  });
  return patched.metadata;
}

/** Somebody edits what the operator made. */
async function drift(world: World, namespace: string): Promise<string> {
  const path = pathOf(deployments, { namespace, name: stable });
  const op = [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'somebody/else:1' },
  ];
  const contentType = 'application/json-patch+json';
  const drifted = await world.admin.request<Deployment>({
    ...{ method: 'PATCH', path, contentType, body: op },
  });
  return drifted.metadata.resourceVersion;
}

/** Makes the operator look once more, by a change that means nothing, and waits until it has. */
async function rest(world: World, namespace: string, operators: Operators): Promise<void> {
  const limit = { what: `the operator of ${namespace} to answer`, limitMs, everyMs: 100 };
  const before = await waitFor(operators.looks, limit);
  await touch(world.admin, namespace);
  await waitFor(
    async () => {
      const now = [...(await operators.looks())];
      const looked = now.some(([process, { done }]) => done > (before.get(process)?.done ?? 0));
      // Who stands by keeps what it will have to look at, and has looked at nothing.
      return (looked && now.every(([, { done, idle }]) => idle || done === 0)) || undefined;
    },
    { what: `the operator of ${namespace} to look once more`, limitMs, everyMs: 100 },
  );
}

function childrenIn(state: string[]): string[] {
  return state
    .filter((line) => /^(Deployment|Service) /.test(line))
    .map((line) => line.replace(/(slot|digest|uid|address)-\d+/g, '$1'));
}

/** Who led from when on: by the Lease writes that the API server took. */
function leadersIn(entries: Entry[]): Evidence['leaders'] {
  return entries
    .filter(
      (entry) => isLease(entry) && entry.verb !== 'get' && entry.code >= 200 && entry.code < 300,
    )
    .filter(({ body }) => (body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity)
    .map(({ slot, at }) => ({ slot, since: at }));
}
