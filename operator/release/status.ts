/** The status: what the records and what runs add up to. Nothing is kept here that is not known elsewhere. */
import { isDeepStrictEqual } from 'node:util';
import { clip, conditionsFrom } from '../api/conditions.ts';
import type { HistoryEntry, ModelReleaseStatus, Phase } from '../api/model-release.ts';
import { timestamp } from '../api/names.ts';
import type { Activity } from './activity.ts';
import { doubtfulServing } from './doubt.ts';
import { findings } from './findings.ts';
import type { Observation } from './observation.ts';
import { hasTakenOver, type Rollout } from './rollout.ts';
import { isActive, lastGood, type Run } from './run.ts';
import { servableOf } from './serving.ts';
import type { Slots } from './slots.ts';

/** What was decided, for the status to tell. */
export interface Situation {
  seen: Observation;
  runs: readonly Run[];
  active: { run: Run; activity: Activity; job: string | undefined } | undefined;
  rollout: Rollout;
  slots: Slots;
  /** Why a run that is due does not start. */
  held: string | undefined;
  /** Sentences about objects of our names that are somebody else's. */
  taken: string[];
}

/** The status as it should be; undefined when it is so already. */
export function statusOf(situation: Situation): ModelReleaseStatus | undefined {
  const { seen, runs, active, rollout, slots } = situation;
  const { metadata, spec } = seen.modelRelease;
  const before = seen.modelRelease.status ?? {};
  const generation = metadata.generation ?? 1;
  const newest = runs.at(-1);
  const runNow = runs.findLast((run) => run.trigger === 'run-now')?.runNow;
  const serving = servingOf(situation);
  const { candidate } = rollout;
  const status: ModelReleaseStatus = {
    observedGeneration: generation,
    phase: phaseOf(situation),
    conditions: conditionsFrom(findings(situation), conditionsOf(before), {
      now: timestamp(seen.now),
      generation,
    }),
    ...(slots.next && !spec.schedule.suspend && { nextRun: timestamp(slots.next) }),
    ...(newest && { lastSlot: newest.slot }),
    ...(runNow !== undefined && { lastRunNow: runNow }),
    ...(active && {
      run: {
        release: active.run.release,
        ...(active.job !== undefined && { job: active.job }),
        ...shown(active.activity),
      },
    }),
    ...(candidate && {
      candidate: {
        release: candidate.run.release,
        digest: candidate.run.evaluation?.candidate.digest ?? '',
        ...shown(candidate.activity),
      },
    }),
    ...(serving && { serving }),
    history: runs
      .filter((run) => run.outcome)
      .toReversed()
      .slice(0, spec.historyLimit)
      .map(historyEntry),
  };
  return isDeepStrictEqual(status, before) ? undefined : status;
}

/** Hand-edited status must not stop us: what is no list of conditions is none. */
function conditionsOf({ conditions }: ModelReleaseStatus) {
  return Array.isArray(conditions)
    ? conditions.filter((each) => typeof each === 'object' && each !== null)
    : [];
}

function shown<S extends string>({ step, since, reason, message }: Activity<S>) {
  return { step, since, reason, message: clip(message) };
}

/** The release that serves. While a candidate rolls out it is still the one before. */
function servingOf({ seen, runs }: Situation): ModelReleaseStatus['serving'] {
  const doubtful = doubtfulServing(runs, seen);
  if (doubtful) {
    // An older release would be wrong, and what is right stands in no record any more: only what was said before is left.
    const { serving } = seen.modelRelease.status ?? {};
    return serving?.release === doubtful.release ? serving : undefined;
  }
  const run = lastGood(runs);
  const servable = run && servableOf(run, seen.modelRelease);
  if (!run?.outcome || !servable) return undefined;
  const accuracy = accuracyOf(run);
  const { release, digest, image } = servable;
  return {
    release,
    digest,
    image,
    ...(accuracy !== undefined && { accuracy }),
    since: run.outcome.finishedAt,
  };
}

function historyEntry(run: Run): HistoryEntry {
  const { outcome, verdict, evaluation } = run;
  if (!outcome) throw new Error(`Run ${run.release} is not over.`);
  const accuracy = accuracyOf(run);
  return {
    release: run.release,
    outcome: outcome.outcome,
    reason: outcome.reason,
    message: outcome.message,
    ...(accuracy !== undefined && { accuracy }),
    ...(verdict && { verdict: verdict.verdict }),
    ...(evaluation && { digest: evaluation.candidate.digest }),
    started: run.startedAt,
    finished: outcome.finishedAt,
  };
}

/** A decimal, as a string: floats do not come back from the API as they went in. */
export function accuracyOf({ evaluation }: Run): string | undefined {
  return evaluation?.metrics.accuracy?.toFixed(4);
}

const phases = { snapshot: 'Snapshotting', train: 'Training', evaluate: 'Evaluating' } as const;

function phaseOf({ seen, runs, active, rollout }: Situation): Phase {
  if (active) return active.activity.waits ? 'Waiting' : phases[active.activity.step];
  if (rollout.candidate) return rollout.candidate.activity.waits ? 'Waiting' : 'RollingOut';
  if (lastGood(runs) || (seen.deployment && hasTakenOver(seen.deployment))) return 'Serving';
  if (seen.modelRelease.spec.schedule.suspend) return 'Suspended';
  return runs.some((run) => !isActive(run)) ? 'Failed' : 'Pending';
}
