/** Our side of a comparison: rounds of a fit, asked for by a line of JSON on stdin each, answered by one on stdout. */
import { createInterface } from 'node:readline';
import { fitLoop, type Learner } from '../../trainer/fit/loop.ts';
import { keepsNothing } from '../../trainer/fit/state.ts';
import type { TensorFlow } from '../../trainer/native/tensorflow.ts';
import type { Round, RoundSettings } from './rounds.ts';

/** A learner that begins anew, and what disposes of it. `step` gets the number of the batch, from 0. */
export interface OurModel {
  size: number;
  begin(settings: RoundSettings): {
    learner: Omit<Learner, 'step' | 'judge'>;
    step(batch: number): ReturnType<Learner['step']>;
    dispose(): void;
  };
}

export async function answerRounds(tf: TensorFlow, model: OurModel): Promise<void> {
  process.stdout.write('ready\n');
  for await (const line of createInterface(process.stdin))
    process.stdout.write(`${JSON.stringify(await round(tf, model, JSON.parse(line)))}\n`);
}

async function round(tf: TensorFlow, model: OurModel, settings: RoundSettings): Promise<Round> {
  const { warmup, steps, learningRate } = settings;
  const { learner, step, dispose } = model.begin(settings);
  let done = 0;
  let loss = 0;
  const begun = { seconds: 0, cpu: process.cpuUsage() };
  await fitLoop(
    tf,
    { ...learner, step: () => step(done), judge: () => null },
    {
      rows: new Int32Array((warmup + steps) * model.size),
      settings: { epochs: 1, batchSize: model.size, learningRate, seed: 0 },
      keeper: keepsNothing,
      signal: new AbortController().signal,
      onStep(progress) {
        done += 1;
        loss = progress.loss;
        if (done !== warmup) return;
        begun.seconds = performance.now() / 1000;
        begun.cpu = process.cpuUsage();
      },
    },
  );
  const { user, system } = process.cpuUsage(begun.cpu);
  const seconds = performance.now() / 1000 - begun.seconds;
  dispose();
  return { seconds, cpuSeconds: (user + system) / 1e6, loss };
}
