import type { Step } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import type { Run } from './run.ts';
import type { StepState } from './step-state.ts';

/** What a run or a candidate does now, for the status. */
export interface Activity<S extends string = Step> {
  step: S;
  since: string;
  reason: Reason;
  message: string;
  /** It waits for something outside. */
  waits: boolean;
}

const goingOn: Record<Step, { reason: Reason; message: string }> = {
  snapshot: { reason: 'Snapshotting', message: 'snapshot: the labelled products are being read.' },
  train: { reason: 'Training', message: 'train: the model is being trained.' },
  evaluate: {
    reason: 'Evaluating',
    message: 'evaluate: the model is being judged on held-out products.',
  },
};

/** A step that does what it is there for. */
export function working(step: Step, run: Run): Activity {
  const begins: Record<Step, string | undefined> = {
    snapshot: run.startedAt,
    train: run.snapshot?.finishedAt,
    evaluate: run.training?.finishedAt,
  };
  return { step, since: begins[step] ?? run.startedAt, waits: false, ...goingOn[step] };
}

/** A step whose Job is there, and neither succeeded nor failed. */
export function activityOf(
  step: Step,
  run: Run,
  state: Extract<StepState, { is: 'taken' | 'waiting' | 'running' }>,
): Activity {
  const work = working(step, run);
  switch (state.is) {
    case 'taken':
      return { ...work, reason: 'NameTaken', message: `${step}: ${state.message}`, waits: true };
    case 'running':
      if (state.message === '') return work;
      return {
        ...work,
        reason: state.reason ?? work.reason,
        message: `${step}: ${state.message}`,
      };
    case 'waiting': {
      const { reason, message, since } = state.problem;
      return { step, reason, message: `${step}: ${message}`, since, waits: true };
    }
  }
}
