import type { Deployment, DeploymentObject, Pod } from '../api/kubernetes.ts';
import { releaseLabel, trackLabel } from '../api/metadata.ts';
import type { Activity } from './activity.ts';
import { endingAfter } from './clock.ts';
import { doubtfulServing, ourDeployment } from './doubt.ts';
import { covers } from './drift.ts';
import { crashOf, type Problem, refusalOf } from './failures.ts';
import { finish } from './finish.ts';
import { type EventDraft, type Observation, writeOf } from './observation.ts';
import { isCandidate, lastGood, type Outcome, type Run } from './run.ts';
import { buildDeployment, type Servable, servableOf } from './serving.ts';
import { waitingFor } from './waiting.ts';

export interface Rollout {
  /** The runs, some of them with an outcome now. */
  runs: Run[];
  events: EventDraft[];
  /** What the Deployment is to serve; undefined: nothing is known to be good. */
  desired: Servable | undefined;
  apply: DeploymentObject | undefined;
  remove: Deployment | undefined;
  /** The candidate that is on its way, and how far it is. */
  candidate: { run: Run; activity: Activity<'rollout'> } | undefined;
}

/**
 * Brings the Deployment to the newest candidate, and back to the last good release when the candidate does not become ready.
 * A Deployment keeps its old pods until new ones are ready, so that neither way loses a request.
 */
export function rollOut(before: readonly Run[], seen: Observation): Rollout {
  const events: EventDraft[] = [];
  let runs = supersede(before, seen, events);
  const candidate = runs.find(isCandidate);
  const progress = candidate && look(candidate, seen);
  if (candidate && progress && 'end' in progress) {
    const ended = finish(candidate, endingAfter(runs, seen.now), progress.end);
    events.push(...ended.events);
    runs = runs.map((run) => (run === candidate ? ended.run : run));
  }

  const rolling = runs.find(isCandidate);
  const live = ourDeployment(seen);
  // While it is not known how what serves came to serve, it is not exchanged for an older release.
  const isDoubtful = doubtfulServing(runs, seen) !== undefined;
  const release = rolling ?? (isDoubtful ? undefined : lastGood(runs));
  const desired = release && servableOf(release, seen.modelRelease);
  const wanted = desired && deploymentOf(desired, seen);
  // A Deployment of somebody else is left alone: nothing goes over.
  const isFree = seen.deployment === undefined || live !== undefined;
  const apply = wanted && isFree && !covers(live, wanted) ? wanted : undefined;
  if (rolling && apply && live?.metadata.labels?.[releaseLabel] !== rolling.release) {
    const note = `Release ${rolling.release} passed its gate: the Deployment goes over to it.`;
    const tellsOf = writeOf(apply.kind, apply.metadata.name);
    events.push({ type: 'Normal', reason: 'RollingOut', action: 'RollOut', note, tellsOf });
  }
  return {
    runs,
    events,
    desired,
    apply,
    remove: !desired && !isDoubtful && live && wasRefused(live, runs) ? live : undefined,
    candidate:
      rolling && progress && 'activity' in progress
        ? { run: rolling, activity: progress.activity }
        : undefined,
  };
}

type Progress = { activity: Activity<'rollout'> } | { end: Omit<Outcome, 'finishedAt'> };

function look(candidate: Run, seen: Observation): Progress {
  const servable = servableOf(candidate, seen.modelRelease);
  if (!servable) {
    const message = 'Its record says Pass, but not of which model tar.';
    return { end: { outcome: 'RolledBack', step: 'rollout', reason: 'RecordUnreadable', message } };
  }
  const since = candidate.verdict?.judgedAt ?? candidate.startedAt;
  const live = seen.deployment;
  const wanted = deploymentOf(servable, seen);
  const { replicas = 1 } = wanted.spec ?? {};
  const pods = servingPods(candidate.release, seen);
  const rolling = (trouble?: Problem): Progress => {
    const ready = pods.filter(isReady).length;
    const message = `rollout: ${ready} of ${replicas} pods are ready${trouble ? `; ${trouble.message}` : '.'}`;
    return {
      activity: {
        step: 'rollout',
        since,
        reason: trouble?.reason ?? 'RollingOut',
        message,
        waits: trouble !== undefined,
      },
    };
  };
  if (!live || !covers(live, wanted)) return rolling();

  const refused = pods.map(refusalOf).find((words) => words !== undefined);
  if (refused !== undefined) {
    const message = `A pod refused the model: ${refused}`;
    return { end: { outcome: 'RolledBack', step: 'rollout', reason: 'ModelRefused', message } };
  }
  const trouble = troubleOf(pods, seen);
  const troubled = trouble?.reason === 'Starting' ? undefined : trouble;
  const stuck = stuckOn(live);
  if (stuck !== undefined) {
    const words = trouble?.message ?? stuck;
    const message = `The pods were not ready within spec.serving.progressDeadlineSeconds (${live.spec?.progressDeadlineSeconds} s): ${words}`;
    const reason = troubled ? troubled.reason : 'ProgressDeadlineExceeded';
    return { end: { outcome: 'RolledBack', step: 'rollout', reason, message } };
  }
  if (hasTakenOver(live)) {
    const message = `${replicas} of ${replicas} pods are ready.`;
    return { end: { outcome: 'Served', step: 'rollout', reason: 'Served', message } };
  }
  return rolling(troubled);
}

/** At most one candidate: a newer one takes the place of an older that does not serve yet. */
function supersede(runs: readonly Run[], seen: Observation, events: EventDraft[]): Run[] {
  const newest = runs.findLast(isCandidate);
  return runs.map((run) => {
    if (!newest || run === newest || !isCandidate(run)) return run;
    const message = `Release ${newest.release} passed its gate before this one served.`;
    const ended = finish(run, seen.now, {
      outcome: 'Superseded',
      step: 'rollout',
      reason: 'Superseded',
      message,
    });
    events.push(...ended.events);
    return ended.run;
  });
}

export function deploymentOf(
  servable: Servable,
  { modelRelease, defaults }: Observation,
): DeploymentObject {
  return buildDeployment(modelRelease, servable, defaults);
}

/** Whether the Deployment's controller has seen the spec that we see: else its status is about an older one. */
export function isCurrent({ metadata, status }: Deployment): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1);
}

/** All pods are new ones, and ready; the old ones are gone. */
export function hasTakenOver(live: Deployment): boolean {
  const wanted = live.spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = live.status ?? {};
  return (
    isCurrent(live) &&
    updatedReplicas >= wanted &&
    replicas === updatedReplicas &&
    availableReplicas >= updatedReplicas
  );
}

/** Why the Deployment's controller has given up on its present spec. */
export function stuckOn(live: Deployment): string | undefined {
  const progressing = live.status?.conditions?.find(({ type }) => type === 'Progressing');
  return isCurrent(live) && progressing?.status === 'False'
    ? (progressing.message ?? '')
    : undefined;
}

/** How many pods of the present spec.serving there are, while others are still there or some are missing; undefined: none is to come. */
export function newPods(live: Deployment): number | undefined {
  const { replicas = 0, updatedReplicas = 0 } = live.status ?? {};
  if (!isCurrent(live)) return 0;
  const all = updatedReplicas >= (live.spec?.replicas ?? 1) && replicas === updatedReplicas;
  return all ? undefined : updatedReplicas;
}

/** What keeps the pods of a release from being ready, the worst first. */
export function troubleOf(pods: Pod[], seen: Observation) {
  const crash = pods.map(crashOf).find((problem) => problem);
  if (crash) return crash;
  const waits = pods.map((pod) => waitingFor(pod, seen.explanations.get(pod.metadata.uid)));
  return (
    waits.find((problem) => problem && problem.reason !== 'Starting') ??
    waits.find((problem) => problem)
  );
}

export function servingPods(release: string, { pods }: Observation): Pod[] {
  return pods.filter(
    ({ metadata }) =>
      metadata.labels?.[trackLabel] !== undefined &&
      metadata.labels[releaseLabel] === release &&
      metadata.deletionTimestamp === undefined,
  );
}

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
}

/** Only what is known not to be good is taken away: a Deployment whose record is lost goes on serving. */
function wasRefused(live: Deployment, runs: readonly Run[]): boolean {
  const release = live.metadata.labels?.[releaseLabel];
  return runs.some((run) => run.release === release && run.outcome?.outcome === 'RolledBack');
}
