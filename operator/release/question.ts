import type { Job } from '../api/kubernetes.ts';
import { questionAnnotation } from '../api/metadata.ts';
import type { Question } from './gate.ts';
import { lastGood, type Run } from './run.ts';

/** What evaluate is asked about a run: in comparison with this champion, or with none. */
export function questionOf(run: Run, champion: Question['champion']): Question {
  const { release, snapshot, spec } = run;
  return { release, dataset: snapshot?.dataset ?? '', champion, gate: spec.gate };
}

/** The release that serves, which a candidate is compared with. */
export function championOf(runs: readonly Run[]): Question['champion'] {
  const serving = lastGood(runs);
  const digest = serving?.evaluation?.candidate.digest;
  return serving && digest ? { release: serving.release, digest } : null;
}

/** What this Job was asked: with the champion of its day, and otherwise what the run's record says. */
export function askedBy(job: Job, run: Run): Question | undefined {
  try {
    const text = job.metadata.annotations?.[questionAnnotation] ?? '';
    const { champion } = JSON.parse(text) as Partial<Question>;
    return champion === undefined ? undefined : questionOf(run, champion);
  } catch {
    // Somebody edited the Job: what it answers is not known, so that it has to be asked again.
    return undefined;
  }
}
