import { canonicalJson, sha256Of } from '@shelfwise/trainer-contract/digest';
import type { ModelSettings, SearchSettings } from '../api/model-release.ts';
import { lastGood, type Run } from './run.ts';

/**
 * All that decides which model comes out: equal inputs, equal model. A search belongs to it: it chooses the configuration. Its
 * time budget may end it elsewhere on another day, but asking the same again is no new question. Without one the digest is that of
 * records from before there was any. How often a checkpoint is written, and where progress is told, changes no model.
 */
export function inputsOf(parts: {
  dataset: string;
  trainer: string;
  model: ModelSettings;
  search?: SearchSettings | undefined;
}): string {
  return sha256Of(canonicalJson({ ...parts, trainer: imageIdentity(parts.trainer) }));
}

/** The digest of a pinned image, whatever registry it comes from; else the reference, which may mean another image tomorrow. */
export function imageIdentity(reference: string): string {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? reference;
}

/**
 * An earlier run with the same inputs whose answer still holds, so that training again would only repeat it. It does not
 * hold where the circumstances decided and not the model: a rollout that the cluster did not let happen, a candidate that was
 * overtaken, a gate that has been changed since it failed.
 */
export function alreadyAnswered(run: Run, inputs: string, runs: readonly Run[]): Run | undefined {
  const serving = lastGood(runs)?.release;
  return runs.findLast((earlier) => {
    if (earlier.release === run.release || earlier.snapshot?.inputs !== inputs) return false;
    if (!earlier.verdict) return false;
    const sameGate = canonicalJson(earlier.spec.gate) === canonicalJson(run.spec.gate);
    switch (earlier.outcome?.outcome) {
      case undefined: // it is being rolled out
        return true;
      case 'Served':
        // Replaced since: the same data have come back, and the model of the data in between serves.
        return earlier.release === serving;
      case 'RolledBack':
        return earlier.outcome.reason === 'ModelRefused';
      case 'Superseded':
        return false;
      default:
        return sameGate;
    }
  });
}
