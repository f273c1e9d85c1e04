import type { ModelRelease } from '../../operator/api/model-release.gen.ts';
import type { Kubectl } from '../shop/kubectl.ts';
import { followRelease } from '../shop/model-release.ts';
import { followTrainLog } from './train-log.ts';

const limitMs = 60 * 60_000;

/**
 * Follows a ModelRelease until it serves and nothing is under way: each change of what it does as a line, training with
 * its progress. Throws with what was seen when a run ends without a release that serves.
 */
export async function awaitServing(
  kubectl: Kubectl,
  release: { namespace: string; name: string },
  say: (text: string) => void,
  show: (text: string) => void,
): Promise<ModelRelease> {
  const ended = new AbortController();
  const logs: Promise<void>[] = [];
  let said = '';
  let followed = '';
  const each = (seen: ModelRelease) => {
    const now = situationOf(seen);
    if (now !== said) say(now);
    said = now;
    const run = seen.status?.run;
    if (run?.step === 'train' && run.reason === 'Training' && followed !== run.release) {
      followed = run.release;
      const log = followTrainLog(
        kubectl,
        release.namespace,
        `${run.release}-train`,
        show,
        ended.signal,
      );
      // The log is for the eye only: losing it must not end the demo.
      logs.push(log.catch((error) => say(`the log of the training is lost: ${error.message}`)));
    }
  };
  try {
    return await followRelease(kubectl, release, isDone, {
      what: `${release.namespace}/${release.name} to serve`,
      limitMs,
      each,
    });
  } finally {
    ended.abort();
    await Promise.all(logs);
  }
}

function isDone({ status }: ModelRelease): boolean {
  if (!status || status.run || status.candidate) return false;
  if (status.serving) return true;
  const last = status.history?.[0];
  if (last)
    throw new Error(`The run ${last.release} ended: ${last.outcome}. ${last.message ?? ''}`);
  return false;
}

function situationOf({ status }: ModelRelease): string {
  if (!status) return 'waits for the operator';
  const { run, candidate, serving } = status;
  const detail = (part: { reason?: string; message?: string }) =>
    part.message ? `: ${part.message}` : part.reason ? ` (${part.reason})` : '';
  if (run) return `${status.phase}: ${run.step} of ${run.release}${detail(run)}`;
  if (candidate) return `${status.phase}: ${candidate.release}${detail(candidate)}`;
  if (serving) return `${status.phase}: ${serving.release}, accuracy ${serving.accuracy}`;
  return `${status.phase ?? 'Pending'}`;
}
