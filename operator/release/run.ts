import type { EvaluationFacts } from '@shelfwise/inference-contract';
import type { SnapshotMessage, TrainMessage } from '@shelfwise/trainer-contract/messages';
import type { ModelReleaseSpec, OutcomeName } from '../api/model-release.ts';
import type { Step } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import type { Verdict } from './gate.ts';

export type Trigger = 'first' | 'schedule' | 'run-now';

/** What a run was told when it began. It never changes: a run finishes under the spec of its record. */
export interface RunOrder {
  schemaVersion: 1;
  release: string;
  /** The time that was due, RFC 3339. */
  slot: string;
  trigger: Trigger;
  /** The annotation's value, where that was the trigger. */
  runNow?: string | undefined;
  startedAt: string;
  /** Of the ModelRelease whose spec this is. */
  generation: number;
  /** Images with the operator's defaults of that day filled in. */
  images: { snapshot: string; trainer: string; inference: string };
  /** The newest version of the serving pods' template by then; a record without it is from the time of version 1. */
  template?: number | undefined;
  /** The operator's setting by then; a record without it follows the present one. */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  spec: ModelReleaseSpec;
  /** The newest snapshot by then, whose holdout is kept, and the release that served. */
  parent: { dataset?: string | undefined; release?: string | undefined };
}

/** What the snapshot step found, and what follows: the digest of all that decides about the model. */
export interface SnapshotResult extends Omit<SnapshotMessage, 'step' | 'ok'> {
  inputs: string;
  finishedAt: string;
}

/** Train's message is for people only: it may have been lost with its pod. */
export interface TrainingResult {
  finishedAt: string;
  message: Omit<TrainMessage, 'step' | 'ok'> | null;
}

export interface Outcome {
  outcome: OutcomeName;
  /** Where the run ended. */
  step: Step | 'gate' | 'rollout';
  reason: Reason;
  message: string;
  finishedAt: string;
}

/** A run: its order, and what became known of it since, in this order. */
export interface Run extends RunOrder {
  snapshot?: SnapshotResult | undefined;
  training?: TrainingResult | undefined;
  evaluation?: EvaluationFacts | undefined;
  verdict?: (Verdict & { judgedAt: string }) | undefined;
  outcome?: Outcome | undefined;
}

/** Active until its verdict (or until it failed before). At most one run of a ModelRelease is. */
export function isActive(run: Run): boolean {
  return run.verdict === undefined && run.outcome === undefined;
}

/** From Pass until it serves, is rolled back or superseded. */
export function isCandidate(run: Run): boolean {
  return run.verdict?.verdict === 'Pass' && run.outcome === undefined;
}

/** The step that an active run is in. */
export function stepOf(run: Run): Step {
  if (!run.snapshot) return 'snapshot';
  return run.training ? 'evaluate' : 'train';
}

/** Oldest first. Times have whole seconds, so that the slot decides between runs of one second. */
export function byAge(one: Run, other: Run): number {
  return (
    one.startedAt.localeCompare(other.startedAt) ||
    one.slot.localeCompare(other.slot) ||
    one.release.localeCompare(other.release)
  );
}

/** The release that serves, or did last: the newest that took over. What is doubtful never replaces it. */
export function lastGood(runs: readonly Run[]): Run | undefined {
  const served = (run: Run) => run.outcome?.outcome === 'Served' && run.evaluation !== undefined;
  // By when it took over: an older candidate may have been approved by its pods after a newer run began.
  return runs
    .filter(served)
    .toSorted((one, other) => finish(one).localeCompare(finish(other)) || byAge(one, other))
    .at(-1);
}

function finish(run: Run): string {
  return run.outcome?.finishedAt ?? '';
}

/** Which products a snapshot left out because they cannot be used: how many, and the first of them; undefined: none. */
export function describeLeftOut({ snapshot }: Run): string | undefined {
  if (!snapshot || snapshot.invalid === 0) return undefined;
  const { invalid, invalidExamples } = snapshot;
  const products = invalid === 1 ? '1 product was' : `${invalid} products were`;
  const more = invalid > invalidExamples.length ? '; …' : '';
  return `${products} left out: ${invalidExamples.join('; ')}${more}`;
}
