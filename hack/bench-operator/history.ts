/** Runs that ended, as a ModelRelease of some months has them: for load, without the months. */
import { createHash } from 'node:crypto';
import type { ModelRelease } from '../../operator/api/model-release.ts';
import { releaseName, timestamp } from '../../operator/api/names.ts';
import { judge, type Question } from '../../operator/release/gate.ts';
import { inputsOf } from '../../operator/release/inputs.ts';
import type { Outcome, Run } from '../../operator/release/run.ts';
import { images } from '../operator-process/operator-process.ts';

const weekMs = 7 * 24 * 3600 * 1000;
/** How the runs ended, over and over: the first serves, most weeks bring nothing new, some models are worse. */
const story = ['Served', 'NoNewData', 'GateFailed', 'Served', 'NoNewData'] as const;

/** `count` weekly runs of a ModelRelease, oldest first, the newest a week before `now`. */
export function history(owner: ModelRelease, count: number, now: Date): Run[] {
  const runs: Run[] = [];
  for (let index = 0; index < count; index++) {
    const slot = new Date(Math.floor((now.getTime() - (count - index) * weekMs) / 1000) * 1000);
    runs.push(endedRun(owner, slot, runs, story[index % story.length] ?? 'Served'));
  }
  return runs;
}

function endedRun(
  owner: ModelRelease,
  slot: Date,
  before: Run[],
  end: (typeof story)[number],
): Run {
  const { spec } = owner;
  const release = releaseName(owner.metadata.name, slot);
  const minutes = (count: number) => timestamp(new Date(slot.getTime() + count * 60_000));
  const served = before.findLast(({ outcome }) => outcome?.outcome === 'Served');
  const parent = before.at(-1)?.snapshot?.dataset;
  const dataset =
    end === 'NoNewData' && parent !== undefined
      ? parent
      : // kwok's Stages take how the steps end from the last digits: well, and with accuracy 0.9000.
        digestOf(`products of ${release}`).replace(/.{10}$/, '0000009000');
  const order: Run = {
    schemaVersion: 1,
    release,
    slot: timestamp(slot),
    trigger: before.length === 0 ? 'first' : 'schedule',
    startedAt: timestamp(slot),
    generation: 1,
    images,
    spec,
    parent: {
      ...(parent === undefined ? {} : { dataset: parent }),
      ...(served ? { release: served.release } : {}),
    },
    snapshot: {
      dataset,
      products: 20_000,
      train: 18_000,
      holdout: 2_000,
      classes: 27,
      groups: 19_400,
      invalid: 2,
      invalidExamples: [
        'product 1043: the picture is no JPEG, PNG or WebP',
        'product 7731: no text',
      ],
      inputs: inputsOf({ dataset, trainer: images.trainer, model: spec.training.model }),
      finishedAt: minutes(4),
    },
  };
  if (end === 'NoNewData') {
    const message = `Products, trainer and settings are those of ${before.at(-1)?.release}: nothing to train.`;
    return { ...order, outcome: outcome(end, 'snapshot', end, message, minutes(4)) };
  }
  // kwok's Stages take a serving pod's end from the last two digits: these serve.
  const digest = digestOf(`model of ${release}`).replace(/..$/, '00');
  const champion = served?.evaluation?.candidate ?? null;
  const question: Question = { release, dataset, champion, gate: spec.gate };
  const value = end === 'Served' ? 0.86 : 0.5;
  const metrics = { accuracy: value, macroF1: value - 0.02, weightedF1: value - 0.01 };
  const evaluation: Run['evaluation'] = {
    step: 'evaluate',
    ok: true,
    schemaVersion: 1,
    candidate: { release, digest },
    champion,
    dataset,
    // The facts hold any JSON; a gate is some.
    gate: JSON.parse(JSON.stringify(spec.gate)),
    holdout: { products: 2_000, classes: 27 },
    metrics,
    championMetrics: champion ? metrics : null,
    lowestRecalls: Array.from({ length: 27 }, (_, index) => ({
      class: `shelf ${1000 + index}`,
      recall: Number((0.3 + index / 50).toFixed(4)),
      support: 40 + index,
    })),
  };
  const verdict = judge(evaluation, { question, heldOut: 2_000 });
  return {
    ...order,
    training: {
      finishedAt: minutes(95),
      message: {
        release,
        digest,
        dataset,
        seconds: 5_431.2,
        metrics: { accuracy: value, macroF1: value - 0.02 },
      },
    },
    evaluation,
    verdict: { ...verdict, judgedAt: minutes(100) },
    outcome:
      end === 'Served'
        ? outcome('Served', 'rollout', 'Served', '2 of 2 pods are ready.', minutes(102))
        : outcome('GateFailed', 'gate', 'GateFailed', verdict.because, minutes(100)),
  };
}

function outcome(
  name: Outcome['outcome'],
  step: Outcome['step'],
  reason: Outcome['reason'],
  message: string,
  finishedAt: string,
): Outcome {
  return { outcome: name, step, reason, message, finishedAt };
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
