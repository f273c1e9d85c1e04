/** How an active run goes on: from what its present step's Job shows to the next step, or to its end. */
import { type EvaluationFacts, evaluationFactsSchema } from '@shelfwise/inference-contract';
import { snapshotMessageSchema, trainMessageSchema } from '@shelfwise/trainer-contract/messages';
import type { z } from 'zod';
import type { JobObject } from '../api/kubernetes.ts';
import { jobName, type Step, timestamp } from '../api/names.ts';
import { type Activity, activityOf, working } from './activity.ts';
import { deletedAttempt, strayJob } from './deleted-jobs.ts';
import { finish } from './finish.ts';
import { judge, mismatch, type Question } from './gate.ts';
import { alreadyAnswered, inputsOf } from './inputs.ts';
import { evaluateJob, snapshotJob, trainJob } from './jobs.ts';
import { type EventDraft, type Observation, writeOf } from './observation.ts';
import { askedBy, championOf, questionOf } from './question.ts';
import { describeLeftOut, type Run, stepOf } from './run.ts';
import { mostAttempts, type StepState, stepState } from './step-state.ts';

/** Either the run is another one now, and can perhaps go on at once, or it waits for its step. */
export type Advance =
  | { run: Run; events: EventDraft[] }
  | { activity: Activity; create?: JobObject; wakeAt?: Date; events?: EventDraft[] };

/** A run among the others, and what is seen of it. */
interface Scene {
  run: Run;
  runs: readonly Run[];
  seen: Observation;
}

type Succeeded = Extract<StepState, { is: 'succeeded' }>;
type Failed = Extract<StepState, { is: 'failed' }>;

export function advance(run: Run, seen: Observation, runs: readonly Run[]): Advance {
  const scene: Scene = { run, runs, seen };
  const step = stepOf(run);
  if (strayJob(seen)) {
    // Only when it is gone may another take its place.
    return { activity: working(step, run), wakeAt: new Date(seen.now.getTime() + 1000) };
  }
  const deleted = deletedAttempt(step, run, seen);
  if (deleted !== undefined) return repeat(step, scene, deleted);
  const state = stepState(step, run, seen);
  switch (state.is) {
    case 'absent':
      return begin(step, scene, 1, championOf(runs));
    case 'waiting':
      return { activity: activityOf(step, run, state), wakeAt: state.wakeAt };
    case 'taken':
      return { activity: activityOf(step, run, state) };
    case 'running':
      return {
        activity: activityOf(step, run, state),
        ...(state.wakeAt ? { wakeAt: state.wakeAt } : {}),
      };
    case 'failed':
      return fail(step, scene, state);
    case 'succeeded':
      return after[step](scene, state);
  }
}

/** What follows from a step's success. */
const after: Record<Step, (scene: Scene, state: Succeeded) => Advance> = {
  snapshot(scene, state) {
    const { run, runs, seen } = scene;
    const message = read(snapshotMessageSchema, state.result);
    if (!message) return again('snapshot', scene, state);
    const { step: _, ok: __, ...found } = message;
    const { model, search } = run.spec.training;
    const { dataset } = found;
    const inputs = inputsOf({ dataset, trainer: run.images.trainer, model, search });
    const taken: Run = { ...run, snapshot: { ...found, inputs, finishedAt: timestamp(seen.now) } };
    const events = leftOut(taken);
    const earlier = alreadyAnswered(run, inputs, runs);
    if (!earlier) return { run: taken, events };
    const end = earlier.outcome?.outcome ?? 'being rolled out';
    const words = `Products, trainer and settings are those of ${earlier.release} (${end}): nothing to train.`;
    return finish(taken, seen.now, {
      outcome: 'NoNewData',
      step: 'snapshot',
      reason: 'NoNewData',
      message: words,
    });
  },

  train({ run, seen }, state) {
    const said = read(trainMessageSchema, state.result);
    const message = said
      ? {
          release: said.release,
          digest: said.digest,
          dataset: said.dataset,
          seconds: said.seconds,
          metrics: said.metrics,
        }
      : null;
    return { run: { ...run, training: { finishedAt: timestamp(seen.now), message } }, events: [] };
  },

  evaluate(scene, state) {
    const facts = read(evaluationFactsSchema, state.result);
    const question = askedBy(state.job, scene.run);
    if (!facts || !question) return again('evaluate', scene, state);
    const isLast = state.attempt === mostAttempts;
    // The gate has the last word on an answer to another question: Inconclusive.
    if (mismatch(facts, question) !== undefined && !isLast) return again('evaluate', scene, state);
    return conclude(scene, facts, question);
  },
};

/** A run goes on without the products that cannot be used, and says so. */
function leftOut(run: Run): EventDraft[] {
  const words = describeLeftOut(run);
  if (words === undefined) return [];
  const note = `Release ${run.release}: ${words}`;
  const tellsOf = writeOf('ControllerRevision', run.release);
  return [{ type: 'Warning', reason: 'ProductsLeftOut', action: 'Run', note, tellsOf }];
}

function conclude({ run, seen }: Scene, facts: EvaluationFacts, question: Question): Advance {
  const verdict = judge(facts, { question, heldOut: run.snapshot?.holdout ?? 0 });
  const judgedAt = timestamp(seen.now);
  const judged: Run = { ...run, evaluation: facts, verdict: { ...verdict, judgedAt } };
  const message = verdict.because;
  switch (verdict.verdict) {
    case 'Pass': {
      const note = `Release ${run.release}: ${message}`;
      const tellsOf = writeOf('ControllerRevision', run.release);
      return {
        run: judged,
        events: [{ type: 'Normal', reason: 'GatePassed', action: 'Judge', note, tellsOf }],
      };
    }
    case 'Fail': {
      const reason = 'GateFailed';
      return finish(judged, seen.now, { outcome: reason, step: 'gate', reason, message });
    }
    case 'Inconclusive': {
      const reason = 'GateInconclusive';
      return finish(judged, seen.now, { outcome: reason, step: 'gate', reason, message });
    }
  }
}

/** The first Job of a step, or the next one after one that left no result. */
function begin(step: Step, scene: Scene, attempt: number, champion: Question['champion']): Advance {
  const { run, seen } = scene;
  const { modelRelease, defaults } = seen;
  const pullPolicy = run.imagePullPolicy ?? defaults.imagePullPolicy;
  const context = { run, modelRelease, attempt, pullPolicy };
  const build: Record<Step, () => JobObject> = {
    snapshot: () => snapshotJob(context),
    train: () => trainJob({ ...context, dataset: run.snapshot?.dataset ?? '' }),
    evaluate: () => evaluateJob({ ...context, question: questionOf(run, champion) }),
  };
  const create = build[step]();
  const activity = working(step, run);
  return notTaken(activity, create, scene) ?? { activity, create };
}

/** The end of a run whose Job the API server does not take: not at all, or not for too long. */
function notTaken(
  { step, since }: Activity,
  { metadata }: JobObject,
  { run, seen: { now, obstacle } }: Scene,
): Advance | undefined {
  if (obstacle?.job?.name !== metadata.name) return undefined;
  const { mayPass } = obstacle.job;
  const limit = run.spec.training.schedulingTimeoutSeconds;
  if (mayPass && now.getTime() < Date.parse(since) + limit * 1000) return undefined;
  const patience = mayPass ? ` within spec.training.schedulingTimeoutSeconds (${limit} s)` : '';
  const message = `${step} could not begin${patience}: ${obstacle.message}`;
  const reason = mayPass ? obstacle.reason : 'Refused';
  return finish(run, now, { outcome: 'RunFailed', step, reason, message });
}

/** What was deleted is started again: the ModelRelease still says so. Whoever goes on deleting it means the run. */
function repeat(step: Step, scene: Scene, deleted: number): Advance {
  const { run, runs, seen } = scene;
  const what = `Job ${jobName(run.release, step, deleted)} was deleted before its result was known`;
  if (deleted >= mostAttempts) {
    const message = `${step} failed: ${what}, and so were the attempts before it.`;
    return finish(run, seen.now, { outcome: 'RunFailed', step, reason: 'JobDeleted', message });
  }
  const next = begin(step, scene, deleted + 1, championOf(runs));
  if (!('activity' in next)) return next;
  const note = `Release ${run.release}: ${what}: it is started again, attempt ${deleted + 1} of ${mostAttempts}.`;
  const tellsOf = writeOf('Job', jobName(run.release, step, deleted + 1));
  return {
    ...next,
    events: [{ type: 'Warning', reason: 'JobDeleted', action: 'Run', note, tellsOf }],
  };
}

/** The steps are idempotent, and what is repeated runs on CPUs: that is cheaper than to guess what was lost. */
function again(step: Step, scene: Scene, { attempt }: Succeeded): Advance {
  if (attempt < mostAttempts) return begin(step, scene, attempt + 1, championOf(scene.runs));
  return finish(scene.run, scene.seen.now, {
    outcome: 'RunFailed',
    step,
    reason: 'ResultLost',
    message: `${step} succeeded ${mostAttempts} times, but its result (the pod's termination message) was lost or unreadable each time.`,
  });
}

function fail(step: Step, scene: Scene, { job, attempt, problem }: Failed): Advance {
  const { run, seen } = scene;
  const badTar = step === 'evaluate' && problem.reason === 'BadData';
  // It may be the champion's tar that is damaged: that must not keep every successor from replacing it.
  if (badTar && attempt < mostAttempts && askedBy(job, run)?.champion) {
    return begin(step, scene, attempt + 1, null);
  }
  return finish(run, seen.now, {
    outcome: 'RunFailed',
    step,
    reason: badTar ? 'VerificationFailed' : problem.reason,
    message: `${step} failed: ${problem.message}`,
  });
}

/** A result that cannot be read (cut, or a log line in its place) is one that was lost. */
function read<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
