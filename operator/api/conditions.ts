import type { Condition } from './model-release.ts';
import type { Reason } from './reasons.ts';

/** The conditions of a ModelRelease, in the order in which status shows them, and what True means. */
export const conditionTypes = {
  Ready: 'A release serves, and all of its pods are ready.',
  Progressing: 'A run is active or a release is being rolled out.',
  Trained: 'The newest run that tried to train a model has one.',
  Verified: 'The newest model that was judged is what its manifest says.',
  GatePassed: 'The newest judged release reached every minimum.',
  Degraded: 'Something needs a person, or the last run failed. What served before serves on.',
} as const satisfies Record<string, string>;

export type ConditionType = keyof typeof conditionTypes;

/** A condition as it should be; when it last changed is found out by comparing with what was. */
export interface Finding {
  type: ConditionType;
  status: Condition['status'];
  reason: Reason;
  message: string;
}

/** The API allows 4096 characters; a kilobyte is more than a person reads. */
const longestMessage = 1024;

/** Cuts what comes from outside (a scheduler, a log) to a length that status can hold. */
export function clip(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
}

/** Keeps lastTransitionTime where the status is as it was: conditions stand still while nothing happens. */
export function conditionsFrom(
  findings: Finding[],
  before: readonly Condition[],
  { now, generation }: { now: string; generation: number },
): Condition[] {
  return findings.map(({ type, status, reason, message }) => {
    const previous = before.find((condition) => condition.type === type);
    const since = previous?.status === status ? previous.lastTransitionTime : now;
    return {
      type,
      status,
      reason,
      message: clip(message),
      observedGeneration: generation,
      lastTransitionTime: since,
    };
  });
}
