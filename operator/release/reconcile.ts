import type { Logger } from 'pino';
import { releaseLabel } from '../api/metadata.ts';
import { type Reason, reasons } from '../api/reasons.ts';
import { ApiError } from '../kube/api-error.ts';
import { classify, type ReconcileError } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { type KubernetesObject, nameOf } from '../kube/object.ts';
import type { Reconcile } from '../kube/work-queue.ts';
import { decide } from './decide.ts';
import { execute, type Means, writeStatus } from './execute.ts';
import { createExpectations } from './expectations.ts';
import { explainAgainMs } from './explanations.ts';
import { createHindsight } from './hindsight.ts';
import type { Observation, Obstacle, Plan } from './observation.ts';
import { observe, type Sources } from './observe.ts';

export interface ReconcilerParts extends Sources {
  recorder: EventRecorder;
  log: Pick<Logger, 'info'>;
  /** Milliseconds, set back by nobody. */
  clock?: () => number;
  /** Told of each plan that was carried out. */
  done?: (plan: Plan) => void;
}

/** When to look again although a watch should tell: nothing but a fallback. */
const fallbackMs = 1_000;

/**
 * Nothing is waited for longer than this at a stretch. Slots are times of the wall clock, waits are counted by one that nobody
 * sets: after a clock was put right, or a machine slept, a slot is seen this much too late at most, well within the hour that
 * startingDeadlineSeconds is by default. A look costs no request.
 */
const longestWaitMs = 600_000;

/** Brings what a ModelRelease became in line with what it says: observe, decide, execute. */
export function createReconciler(parts: ReconcilerParts): Reconcile {
  const reconcile = createSteps(parts);
  return (key) =>
    reconcile(key).catch((error) => {
      const known = classify(error);
      throw known && known.outcome !== 'Transient' ? known : error;
    });
}

function createSteps(parts: ReconcilerParts): Reconcile {
  const { caches, objects, recorder, log } = parts;
  const expectations = createExpectations(caches, parts.clock ?? (() => performance.now()));
  const hindsight = createHindsight(caches, parts.transport);

  return async (key) => {
    const modelRelease = caches.modelReleases.get(nameOf(key));
    if (!modelRelease) {
      expectations.forget(key);
      hindsight.forget(key);
      return undefined;
    }
    if (!expectations.met(key)) return { requeueAfterMs: fallbackMs };

    const seen = await observe(modelRelease, parts);
    const plan = decide(seen);
    const means: Means = {
      objects,
      recorder,
      written: (object) => expectations.expect(key, object, 'written'),
      removed: (object) => expectations.expect(key, object, 'removed'),
    };
    const carryOut = async (what: Plan): Promise<void> => {
      if (changesSomething(what)) await hindsight.check(modelRelease);
      report(log, key, what);
      await execute(what, seen, means);
      await writeStatus(what, modelRelease, means);
      parts.done?.(what);
    };
    try {
      await carryOut(plan);
    } catch (error) {
      const known = classify(error);
      if (!known || known.outcome === 'Transient') throw error;
      const obstacle = obstacleOf(known, plan);
      const other = decide({ ...seen, obstacle });
      if (!obstacle.job || other.create.some(isNamed(obstacle.job.name))) {
        await writeStatus(other, modelRelease, means);
        throw error;
      }
      await carryOut(other);
      return again(other, seen);
    }
    return again(plan, seen);
  };
}

function again(plan: Plan, { explanations }: Observation) {
  const waits = [plan.requeueAfterMs, explanations.size > 0 ? explainAgainMs : undefined];
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : { requeueAfterMs: Math.min(longestWaitMs, ...known) };
}

function changesSomething({ begin, note, create, apply, remove }: Plan): boolean {
  return [begin, note, create, apply, remove].some((list) => list.length > 0);
}

/** What a person has to know of an error that does not pass by itself. */
function obstacleOf({ outcome, reason, message, cause }: ReconcileError, plan: Plan): Obstacle {
  const notTaken =
    cause instanceof ApiError &&
    (outcome === 'Stalled' || cause.status === 403) &&
    cause.verb === 'create' &&
    cause.resource === 'jobs.batch';
  const job = notTaken ? plan.create[0]?.metadata : undefined;
  const release = job?.labels?.[releaseLabel];
  return {
    reason: reason in reasons ? (reason as Reason) : 'Refused',
    message,
    job: job && release ? { name: job.name, release, mayPass: outcome !== 'Stalled' } : undefined,
  };
}

function isNamed(name: string): (object: KubernetesObject) => boolean {
  return ({ metadata }) => metadata.name === name;
}

function report(log: ReconcilerParts['log'], modelRelease: string, plan: Plan): void {
  for (const { metadata } of plan.begin)
    log.info({ modelRelease, release: metadata.name }, 'Run begins');
  for (const { metadata } of plan.create)
    log.info({ modelRelease, job: metadata.name }, 'Job is created');
  for (const { kind, metadata } of plan.apply)
    log.info({ modelRelease, kind, name: metadata.name }, 'Applied');
  for (const { kind, metadata } of plan.remove)
    log.info({ modelRelease, kind, name: metadata.name }, 'Removed');
  for (const { reason, note } of plan.events) log.info({ modelRelease, reason }, note);
}
