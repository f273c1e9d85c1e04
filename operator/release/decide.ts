import type { JobObject, Service } from '../api/kubernetes.ts';
import { isOwnedBy } from '../api/metadata.ts';
import type { ModelRelease } from '../api/model-release.ts';
import { releaseName, stableName, timestamp } from '../api/names.ts';
import type { Activity } from './activity.ts';
import { advance } from './advance.ts';
import { beginningAfter } from './clock.ts';
import { jobAtWork, strayJob } from './deleted-jobs.ts';
import { covers } from './drift.ts';
import { driftEvents } from './drift-events.ts';
import { type Hold, heldBy } from './holds.ts';
import { type Observation, type Plan, writeOf } from './observation.ts';
import { leftovers, orphans, prune, removalEvents, strays } from './prune.ts';
import { buildRecord, recordedAs } from './record.ts';
import { rollOut } from './rollout.ts';
import { byAge, isActive, lastGood, type Run } from './run.ts';
import { buildServices } from './serving.ts';
import { servingTemplates } from './serving-template.ts';
import { describeMissed, type Slot, type Slots, slotsOf } from './slots.ts';
import { statusOf } from './status.ts';

const nothing: Plan = {
  begin: [],
  note: [],
  create: [],
  apply: [],
  remove: [],
  status: undefined,
  events: [],
  requeueAfterMs: undefined,
};

/** Something needs another look though no watch will tell. */
const lookAgainMs = 60_000;

/** A timer does not notice that the clock was put forward: a look is never later than a slot may start, nor than this. */
const mostPatienceMs = 15 * 60_000;

function clockAgainMs({ spec: { schedule } }: ModelRelease): number {
  return Math.min((schedule.startingDeadlineSeconds ?? Infinity) * 1000, mostPatienceMs);
}

/**
 * What to do about a ModelRelease, from what was seen of it. Pure: the same observation gives the same plan, and a plan that
 * was carried out leads to an observation whose plan is empty. A plan goes as far as it can without news from the cluster.
 */
export function decide(seen: Observation): Plan {
  // What goes away with its owner is not to be built up again.
  if (seen.modelRelease.metadata.deletionTimestamp !== undefined) return nothing;

  const work = goOn(seen);
  const rollout = rollOut(work.runs, seen);
  const pruned = prune(rollout.runs, seen);
  const gone = new Set<string>(pruned.map(({ metadata }) => metadata.name));
  // What is pruned now is not told of any more: the status would change once more without it.
  const runs = rollout.runs.filter(({ release }) => !gone.has(release));
  const taken = takenNames(seen);
  const services = buildServices(seen.modelRelease).filter((wanted) => {
    const live = serviceNamed(wanted.metadata.name, seen);
    return !covers(live, wanted) && !(live && !isOwnedBy(live, seen.modelRelease));
  });
  const status = statusOf({
    seen,
    runs,
    active: work.active,
    rollout,
    slots: work.slots,
    held: work.held,
    taken,
  });
  const wakes = [work.wakeAt, work.slots.next, work.slots.later].map(
    (at) => at && at.getTime() - seen.now.getTime(),
  );
  if (taken.length > 0 || seen.obstacle) wakes.push(lookAgainMs);
  if (work.slots.next) wakes.push(clockAgainMs(seen.modelRelease));
  const unattended = [...orphans(rollout.runs, seen), ...strays(seen)];
  const apply = [...services, ...(rollout.apply ? [rollout.apply] : [])];
  return {
    begin: runs.filter(isNew(seen)).map((run) => buildRecord(run, seen.modelRelease)),
    note: runs.filter(isOther(seen)).flatMap((run) => changed(run, seen)),
    create: work.create,
    apply,
    remove: [
      ...leftovers(runs, seen),
      ...unattended,
      ...(rollout.remove ? [rollout.remove] : []),
      ...pruned,
    ],
    status,
    events: [
      ...work.events,
      ...rollout.events,
      ...driftEvents(apply, seen),
      ...removalEvents(unattended, seen),
    ],
    requeueAfterMs: soonest(wakes),
  };
}

interface Work extends Pick<Plan, 'create' | 'events'> {
  runs: Run[];
  active: { run: Run; activity: Activity; job: string | undefined } | undefined;
  slots: Slots;
  held: string | undefined;
  wakeAt: Date | undefined;
}

/** Brings the active run forward, and starts the next one that is due, until all that is left to do is to wait. */
function goOn(seen: Observation): Work {
  let runs = seen.runs.toSorted(byAge);
  const create: JobObject[] = [];
  const events: Plan['events'] = [];
  for (;;) {
    const going = runs.find(isActive);
    const begun = going ? undefined : startIfDue(seen, runs);
    const active = going ?? begun?.run;
    if (!active) break;
    if (begun) {
      runs = [...runs, active].toSorted(byAge);
      const note = `Release ${active.release} (${because[active.trigger]}).`;
      const tellsOf = writeOf('ControllerRevision', active.release);
      events.push({ type: 'Normal', reason: 'RunStarted', action: 'Run', note, tellsOf });
      events.push(...begun.events);
    }
    const next = advance(active, seen, runs);
    if ('activity' in next) {
      if (next.create) create.push(next.create);
      events.push(...(next.events ?? []));
      const { activity, wakeAt } = next;
      // What the API server did not take is no Job: that it is missing means nothing later.
      const created = seen.obstacle ? undefined : next.create;
      const job = next.create ? created : (jobAtWork(active, seen) ?? strayJob(seen));
      return {
        runs,
        create,
        events,
        active: { run: active, activity, job: job?.metadata.name },
        slots: slotsOf(seen, runs),
        held: undefined,
        wakeAt,
      };
    }
    runs = runs.map((run) => (run === active ? next.run : run));
    events.push(...next.events);
  }
  const slots = slotsOf(seen, runs);
  return {
    runs,
    create,
    events,
    active: undefined,
    slots,
    held: heldBack(slots, seen, runs),
    wakeAt: undefined,
  };
}

const because = {
  first: 'the ModelRelease is new',
  schedule: 'spec.schedule says so',
  'run-now': 'the annotation shelfwise.dev/run-now asks for it',
};

/** The most urgent slot that nothing speaks against becomes a run. */
function startIfDue(
  seen: Observation,
  runs: readonly Run[],
): { run: Run; events: Plan['events'] } | undefined {
  const slot = slotsOf(seen, runs).due.find((due) => !heldBy(due, seen, runs));
  if (!slot) return undefined;
  const run = newRun(slot, seen, runs);
  const missed = describeMissed(slot, seen);
  const note = `Release ${run.release}: ${missed}`;
  const tellsOf = writeOf('ControllerRevision', run.release);
  const event = { type: 'Warning', reason: 'SlotsMissed', action: 'Run', note, tellsOf } as const;
  return { run, events: missed === undefined ? [] : [event] };
}

function newRun({ at, trigger, runNow }: Slot, seen: Observation, runs: readonly Run[]): Run {
  const { modelRelease, defaults, now } = seen;
  const { metadata, spec } = modelRelease;
  return {
    schemaVersion: 1,
    release: releaseName(metadata.name, at),
    slot: timestamp(at),
    trigger,
    ...(runNow === undefined ? {} : { runNow }),
    startedAt: timestamp(beginningAfter(runs, now)),
    generation: metadata.generation ?? 1,
    images: {
      snapshot: spec.training.snapshotImage ?? defaults.snapshotImage,
      trainer: spec.training.image ?? defaults.trainerImage,
      inference: spec.serving.image ?? defaults.inferenceImage,
    },
    template: (defaults.templates ?? servingTemplates).length,
    imagePullPolicy: defaults.imagePullPolicy,
    spec,
    parent: {
      dataset: runs.findLast((run) => run.snapshot)?.snapshot?.dataset,
      release: lastGood(runs)?.release,
    },
  };
}

/** What is worth saying about a run that was due and does not come. */
function heldBack({ due }: Slots, seen: Observation, runs: readonly Run[]): string | undefined {
  const reasons = due.map((slot) => heldBy(slot, seen, runs));
  return reasons.find((hold): hold is Hold => hold?.reason === 'TooLate')?.message;
}

const isNew =
  ({ records }: Observation) =>
  (run: Run): boolean =>
    !records.has(run.release);

/** What is as it was observed is the same object: of thousands of runs nothing has to be compared. */
const isOther = ({ runs }: Observation): ((run: Run) => boolean) => {
  const before = new Set(runs);
  return (run) => !before.has(run);
};

function changed(run: Run, { runs, records }: Observation): Plan['note'] {
  const before = runs.find(({ release }) => release === run.release);
  const record = records.get(run.release);
  if (!before || !record) return [];
  const [was, is] = [recordedAs(before), recordedAs(run)];
  const annotations = Object.fromEntries(
    Object.entries(is).filter(([name, text]) => text !== was[name]),
  );
  return Object.keys(annotations).length > 0 ? [{ record, annotations }] : [];
}

/** Adoption is refused: what we did not make is neither changed nor deleted. */
function takenNames(seen: Observation): string[] {
  const { name } = seen.modelRelease.metadata;
  const needed = [
    { kind: 'Deployment', live: seen.deployment },
    ...[name, stableName(name)].map((service) => ({
      kind: 'Service',
      live: serviceNamed(service, seen),
    })),
  ];
  return needed
    .filter(({ live }) => live && !isOwnedBy(live, seen.modelRelease))
    .map(
      ({ kind, live }) =>
        `${kind} ${live?.metadata.name} exists and belongs to somebody else: delete it or rename it.`,
    );
}

function serviceNamed(name: string, { services }: Observation): Service | undefined {
  return services.find(({ metadata }) => metadata.name === name);
}

function soonest(waits: (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.max(0, Math.min(...known));
}
