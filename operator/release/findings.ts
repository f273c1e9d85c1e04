/** The six conditions. Each is one function from what was decided to what a person reads. */
import type { Finding } from '../api/conditions.ts';
import { timestamp } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import { skewOf } from './clock.ts';
import { doubtfulServing, ourDeployment } from './doubt.ts';
import { newPods, servingPods, stuckOn, troubleOf } from './rollout.ts';
import { describeLeftOut, lastGood, type Outcome, type Run } from './run.ts';
import type { Situation } from './status.ts';

type Judgement = Omit<Finding, 'type'>;

export function findings(situation: Situation): Finding[] {
  return [
    { type: 'Ready', ...ready(situation) },
    { type: 'Progressing', ...progressing(situation) },
    { type: 'Trained', ...trained(situation) },
    { type: 'Verified', ...verified(situation) },
    { type: 'GatePassed', ...gatePassed(situation) },
    { type: 'Degraded', ...degraded(situation) },
  ];
}

function ready({ seen, runs, rollout }: Situation): Judgement {
  const serving = doubtfulServing(runs, seen)?.release ?? lastGood(runs)?.release;
  if (serving === undefined) {
    const candidate = rollout.candidate?.run.release;
    const message = candidate
      ? `No release serves yet; ${candidate} is being rolled out.`
      : 'No release has passed its gate yet.';
    return no('NoRelease', message);
  }
  const { deployment } = seen;
  const available = deployment?.status?.availableReplicas ?? 0;
  // Of the spec, and not of the Deployment, which may not have heard of it yet.
  const wanted = seen.modelRelease.spec.serving.replicas;
  if (available >= wanted) {
    return yes(
      'Available',
      `Release ${serving} serves: ${wanted} of ${wanted} pods are available.`,
    );
  }
  const trouble = troubleOf(servingPods(serving, seen), seen);
  const words = trouble ? `; ${trouble.message}` : '.';
  return no(
    'Unavailable',
    `${available} of ${wanted} pods of release ${serving} are available${words}`,
  );
}

function progressing({ seen, active, rollout, slots, held }: Situation): Judgement {
  const now = [active?.activity, rollout.candidate?.activity].filter((activity) => activity);
  const first = now[0];
  if (first) {
    const message = now
      .map((activity) => `${activity?.message} Since ${activity?.since}.`)
      .join(' ');
    return yes(first.reason, message);
  }
  const change = changeOfServing(seen, rollout);
  if (change !== undefined) return yes('RollingOut', change);
  if (seen.modelRelease.spec.schedule.suspend) {
    return no('Suspended', 'spec.schedule.suspend is true: no run starts by itself.');
  }
  const next = slots.next
    ? `The next run starts at ${timestamp(slots.next)}.`
    : 'No run is scheduled.';
  return no('Idle', held ? `${held} ${next}` : next);
}

/** A changed spec.serving whose pods are not all there yet; one that does not come up is Degraded. */
function changeOfServing(
  seen: Situation['seen'],
  { desired, apply }: Situation['rollout'],
): string | undefined {
  const deployment = ourDeployment(seen);
  if (!desired || !deployment) return undefined;
  if (!apply && stuckOn(deployment) !== undefined) return undefined;
  const present = apply ? 0 : newPods(deployment);
  if (present === undefined) return undefined;
  const { replicas } = seen.modelRelease.spec.serving;
  return `rollout: Deployment ${deployment.metadata.name} goes over to the present spec.serving; ${present} of ${replicas} pods are new.`;
}

function trained({ runs }: Situation): Judgement {
  const run = runs.findLast((each) => each.training || failedIn(each, 'snapshot', 'train'));
  if (!run) return unknown('No run has trained a model yet.');
  if (!run.training) return no(run.outcome?.reason ?? 'NotYet', about(run, run.outcome?.message));
  const { message } = run.training;
  const detail = message
    ? ` in ${Math.round(message.seconds)} s, validation accuracy ${message.metrics.accuracy.toFixed(4)}`
    : '';
  const leftOut = describeLeftOut(run) ?? '';
  return yes(
    'Trained',
    `Release ${run.release} was trained on ${run.snapshot?.train} products${detail}.${leftOut && ` ${leftOut}`}`,
  );
}

function verified({ runs }: Situation): Judgement {
  const run = runs.findLast((each) => each.evaluation || failedIn(each, 'evaluate'));
  if (!run) return unknown('No model has been verified yet.');
  const { evaluation, outcome } = run;
  if (!evaluation) return no(outcome?.reason ?? 'NotYet', about(run, outcome?.message));
  const { candidate, champion, holdout } = evaluation;
  const { release: serving } = run.parent;
  const alone = serving && !champion ? ` Release ${serving} could not be judged beside it.` : '';
  return yes(
    'Verified',
    `Release ${run.release} (${candidate.digest}) was verified and judged on ${holdout.products} held-out products.${alone}`,
  );
}

function gatePassed({ runs }: Situation): Judgement {
  const run = runs.findLast((each) => each.verdict);
  if (!run?.verdict) return unknown('No release has been judged yet.');
  const message = about(run, run.verdict.because);
  switch (run.verdict.verdict) {
    case 'Pass':
      return yes('GatePassed', message);
    case 'Fail':
      return no('GateFailed', message);
    case 'Inconclusive':
      return { status: 'Unknown', reason: 'GateInconclusive', message };
  }
}

/** Everything that needs a person. The first reason stands for all; the message has them all. */
function degraded({ seen, runs, slots, taken, rollout }: Situation): Judgement {
  const troubles: { reason: Reason; message: string }[] = [];
  const add = (reason: Reason, message: string | undefined) => {
    if (message !== undefined) troubles.push({ reason, message });
  };
  add('InvalidSchedule', slots.invalidSchedule);
  add('ClockSkew', skewOf(seen, runs));
  add('InvalidRunNow', slots.invalidRunNow);
  for (const message of taken) add('NameTaken', message);
  // A run that ended of it tells of it.
  const hasEnded = ({ release, outcome }: Run) =>
    outcome && release === seen.obstacle?.job?.release;
  if (seen.obstacle && !runs.some(hasEnded)) add(seen.obstacle.reason, seen.obstacle.message);
  for (const { unreadable } of seen.unreadable) add('RecordUnreadable', unreadable);
  const doubtful = doubtfulServing(runs, seen);
  if (doubtful?.record === 'lost') {
    add(
      'RecordLost',
      `The record of release ${doubtful.release}, which serves, is gone: it serves on as it is, and what spec.serving says does not reach it. Ask for a run with the annotation shelfwise.dev/run-now.`,
    );
  }
  const last = runs.findLast((run) => run.outcome && run.outcome.outcome !== 'Superseded');
  if (last?.outcome && blamed.has(last.outcome.outcome))
    add(last.outcome.reason, about(last, last.outcome.message));
  const live = ourDeployment(seen);
  const stuck = live && stuckOn(live);
  // A changed spec.serving that does not come up; of a candidate its outcome tells.
  if (stuck !== undefined && !rollout.candidate && !rollout.apply) {
    add('ProgressDeadlineExceeded', `Deployment ${live?.metadata.name}: ${stuck}`);
  }
  const first = troubles[0];
  if (!first) return no('AsDesired', 'Nothing is wrong.');
  return yes(first.reason, troubles.map(({ message }) => message).join(' '));
}

const blamed = new Set<Outcome['outcome']>(['RunFailed', 'RolledBack']);

function failedIn(run: Run, ...steps: Outcome['step'][]): boolean {
  return run.outcome?.outcome === 'RunFailed' && steps.includes(run.outcome.step);
}

function about(run: Run, message = ''): string {
  return `Release ${run.release}: ${message}`;
}

function yes(reason: Reason, message: string): Judgement {
  return { status: 'True', reason, message };
}

function no(reason: Reason, message: string): Judgement {
  return { status: 'False', reason, message };
}

function unknown(message: string): Judgement {
  return { status: 'Unknown', reason: 'NotYet', message };
}
