/** How an active run goes on: from what its present step's Job shows to the next step, or to its end. */
import { type EvaluationFacts, evaluationFactsSchema } from '@shelfwise/inference-contract';
import { snapshotMessageSchema, trainMessageSchema } from '@shelfwise/trainer-contract/messages';
import type { z } from 'zod';
import { clip } from '../api/conditions.ts';
import type { Job, JobObject } from '../api/kubernetes.ts';
import { questionAnnotation } from '../api/metadata.ts';
import { type Step, timestamp } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import { judge, mismatch, type Question } from './gate.ts';
import { alreadyAnswered, inputsOf } from './inputs.ts';
import { evaluateJob, snapshotJob, trainJob } from './jobs.ts';
import type { EventDraft, Observation } from './observation.ts';
import { lastGood, type Outcome, type Run, stepOf } from './run.ts';
import { mostAttempts, type StepState, stepState } from './step-state.ts';

/** What a run or a candidate does now, for the status. */
export interface Activity<S extends string = Step> {
  step: S;
  since: string;
  reason: Reason;
  message: string;
  /** It waits for something outside. */
  waits: boolean;
}

/** Either the run is another one now, and can perhaps go on at once, or it waits for its step. */
export type Advance =
  | { run: Run; events: EventDraft[]; stop?: Job }
  | { activity: Activity; create?: JobObject; wakeAt?: Date };

export function advance(run: Run, seen: Observation, runs: readonly Run[]): Advance {
  const step = stepOf(run);
  const state = stepState(step, run, seen);
  switch (state.is) {
    case 'absent':
      return begin(step, run, seen, runs, 1);
    case 'taken':
      return {
        activity: {
          ...working(step, run),
          reason: 'NameTaken',
          message: state.message,
          waits: true,
        },
      };
    case 'waiting': {
      const { reason, message, since } = state.problem;
      // Every pod starts for a moment: that is not worth a word, and a write.
      const activity: Activity =
        reason === 'Starting'
          ? working(step, run)
          : { step, reason, message: `${step}: ${message}`, since, waits: true };
      return { activity, wakeAt: state.until };
    }
    case 'running':
      return {
        activity: {
          ...working(step, run),
          ...(state.message && { message: `${step}: ${state.message}` }),
        },
      };
    case 'failed':
      return failed(step, run, seen, state);
    case 'succeeded':
      return after[step](run, seen, runs, state);
  }
}

type Succeeded = Extract<StepState, { is: 'succeeded' }>;
type After = (run: Run, seen: Observation, runs: readonly Run[], state: Succeeded) => Advance;

const after: Record<Step, After> = {
  snapshot(run, seen, runs, state) {
    const message = parse(snapshotMessageSchema, state.result);
    if (!message) return again('snapshot', run, seen, runs, state);
    const { step: _, ok: __, ...found } = message;
    const inputs = inputsOf({
      dataset: found.dataset,
      trainer: run.images.trainer,
      model: run.spec.training.model,
    });
    const taken: Run = { ...run, snapshot: { ...found, inputs, finishedAt: timestamp(seen.now) } };
    const earlier = alreadyAnswered(run, inputs, runs);
    if (!earlier) return { run: taken, events: [] };
    const ended = earlier.outcome?.outcome ?? 'being rolled out';
    return finish(taken, seen, {
      outcome: 'NoNewData',
      step: 'snapshot',
      reason: 'NoNewData',
      message: `Products, trainer and settings are those of ${earlier.release} (${ended}): nothing to train.`,
    });
  },

  train(run, seen, _runs, state) {
    const message = parse(trainMessageSchema, state.result);
    const { step: _, ok: __, ...found } = message ?? {};
    const training = {
      finishedAt: timestamp(seen.now),
      message: message ? (found as Omit<typeof message, 'step' | 'ok'>) : null,
    };
    return { run: { ...run, training }, events: [] };
  },

  evaluate(run, seen, runs, state) {
    const facts = parse(evaluationFactsSchema, state.result);
    const question = askedBy(state.job, run);
    const answered = facts !== undefined && question !== undefined && !mismatch(facts, question);
    if (!answered && (!facts || !question || state.attempt < mostAttempts)) {
      return again('evaluate', run, seen, runs, state);
    }
    return conclude(run, seen, facts as EvaluationFacts, question as Question);
  },
};

function conclude(
  run: Run,
  seen: Observation,
  facts: EvaluationFacts,
  question: Question,
): Advance {
  const verdict = judge(facts, { question, heldOut: run.snapshot?.holdout ?? 0 });
  const judgedAt = timestamp(seen.now);
  const judged: Run = { ...run, evaluation: facts, verdict: { ...verdict, judgedAt } };
  const { because } = verdict;
  switch (verdict.verdict) {
    case 'Pass': {
      const note = `Release ${run.release}: ${because}`;
      return {
        run: judged,
        events: [{ type: 'Normal', reason: 'GatePassed', action: 'Judge', note }],
      };
    }
    case 'Fail':
      return finish(judged, seen, {
        outcome: 'GateFailed',
        step: 'gate',
        reason: 'GateFailed',
        message: because,
      });
    case 'Inconclusive':
      return finish(judged, seen, {
        outcome: 'GateInconclusive',
        step: 'gate',
        reason: 'GateInconclusive',
        message: because,
      });
  }
}

/** The first Job of a step, or the next one after one that left no result. */
function begin(
  step: Step,
  run: Run,
  seen: Observation,
  runs: readonly Run[],
  attempt: number,
): Advance {
  const { modelRelease, defaults } = seen;
  const context = { run, modelRelease, attempt, pullPolicy: defaults.imagePullPolicy };
  const build: Record<Step, () => JobObject> = {
    snapshot: () => snapshotJob(context),
    train: () => trainJob({ ...context, dataset: run.snapshot?.dataset ?? '' }),
    evaluate: () =>
      evaluateJob({ ...context, question: { ...asks(run), champion: champion(runs) } }),
  };
  return { activity: working(step, run), create: build[step]() };
}

function again(
  step: Step,
  run: Run,
  seen: Observation,
  runs: readonly Run[],
  state: Succeeded,
): Advance {
  if (state.attempt < mostAttempts) return begin(step, run, seen, runs, state.attempt + 1);
  return finish(run, seen, {
    outcome: 'RunFailed',
    step,
    reason: 'ResultLost',
    message: `${step} succeeded ${mostAttempts} times, but its result (the pod's termination message) was lost or unreadable each time.`,
  });
}

function failed(
  step: Step,
  run: Run,
  seen: Observation,
  state: Extract<StepState, { is: 'failed' }>,
): Advance {
  const { job, problem } = state;
  // In evaluate, bad data are a bad model tar.
  const reason =
    step === 'evaluate' && problem.reason === 'BadData' ? 'VerificationFailed' : problem.reason;
  const message = `${step} failed: ${problem.message}`;
  const over = job.status?.conditions?.some(
    ({ type, status }) => type === 'Failed' && status === 'True',
  );
  const ended = finish(run, seen, { outcome: 'RunFailed', step, reason, message });
  // A Job that is not over would go on: without its record's consent a model could still appear.
  return over ? ended : { ...ended, stop: job };
}

const calm = new Set<Outcome['outcome']>(['NoNewData', 'Served', 'Superseded']);

/** Ends a run, and says so in an event. */
export function finish(
  run: Run,
  seen: Observation,
  end: Omit<Outcome, 'finishedAt'>,
): { run: Run; events: EventDraft[] } {
  const message = clip(end.message);
  const outcome: Outcome = { ...end, message, finishedAt: timestamp(seen.now) };
  const reason = end.outcome === 'Served' ? 'Serving' : end.outcome;
  const detail = reason === end.reason || end.outcome === 'Served' ? '' : ` (${end.reason})`;
  const note = `Release ${run.release}${detail}: ${end.message}`;
  const type = calm.has(end.outcome) ? 'Normal' : 'Warning';
  const action = end.step === 'rollout' ? 'RollOut' : 'Run';
  return { run: { ...run, outcome }, events: [{ type, reason, action, note }] };
}

const goingOn: Record<Step, { reason: Reason; message: string }> = {
  snapshot: { reason: 'Snapshotting', message: 'snapshot: the labelled products are being read.' },
  train: { reason: 'Training', message: 'train: the model is being trained.' },
  evaluate: {
    reason: 'Evaluating',
    message: 'evaluate: the model is being judged on held-out products.',
  },
};

function working(step: Step, run: Run): Activity {
  const since = {
    snapshot: run.startedAt,
    train: run.snapshot?.finishedAt,
    evaluate: run.training?.finishedAt,
  };
  return { step, since: since[step] ?? run.startedAt, waits: false, ...goingOn[step] };
}

/** What evaluate is asked about, but for the champion, who changes. */
function asks(run: Run): Omit<Question, 'champion'> {
  return { release: run.release, dataset: run.snapshot?.dataset ?? '', gate: run.spec.gate };
}

function champion(runs: readonly Run[]): Question['champion'] {
  const serving = lastGood(runs);
  const digest = serving?.evaluation?.candidate.digest;
  return serving && digest ? { release: serving.release, digest } : null;
}

/** What this Job was asked: the champion of its day, and otherwise what the run's record says. */
function askedBy(job: Job, run: Run): Question | undefined {
  try {
    const { champion } = JSON.parse(
      job.metadata.annotations?.[questionAnnotation] ?? '',
    ) as Question;
    return champion === undefined ? undefined : { ...asks(run), champion };
  } catch {
    // Somebody edited the Job: what it answers is not known, so it is asked again.
    return undefined;
  }
}

function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // Cut, or a log line: a result that cannot be read is one that was lost.
    return undefined;
  }
}
