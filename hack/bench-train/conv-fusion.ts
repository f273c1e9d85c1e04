/** Our side: rounds of conv-fusion's fit, asked for by a line of JSON on stdin each, answered by one on stdout. */
import { createInterface } from 'node:readline';
import type { Batch } from '../../trainer/conv-fusion/batch.ts';
import { createHead, stepOn } from '../../trainer/conv-fusion/fit.ts';
import type { FeatureScale } from '../../trainer/conv-fusion/normalise.ts';
import { fitLoop } from '../../trainer/fit/loop.ts';
import { keepsNothing } from '../../trainer/fit/state.ts';
import { loadTensorFlow } from '../../trainer/native/tensorflow.ts';
import { readBatches, sum } from './batches.ts';
import type { Round, RoundSettings } from './rounds.ts';

const tf = loadTensorFlow('cpu');
const { shapes, batches } = await readBatches(process.argv[2] as string);
const width = sum(shapes.widths);
const scale: FeatureScale = {
  widths: shapes.widths,
  mean: new Float32Array(width).fill(1.5),
  factor: new Float32Array(width).fill(1.1),
  length: 1.2,
};

async function round({ warmup, steps, learningRate, decay }: RoundSettings): Promise<Round> {
  const { classes, rows, size } = shapes;
  const { parameters, head } = createHead(tf, { rows, pictures: width, classes });
  const objective = {
    decay,
    pictureDecay: decay / 2,
    importance: new Float32Array(classes).fill(1),
  };
  let done = 0;
  let loss = 0;
  const begun = { seconds: 0, cpu: process.cpuUsage() };
  const learner = {
    parameters,
    step: () => stepOn(tf, head(), batches[done % batches.length] as Batch, scale, objective),
    judge: () => null,
  };
  await fitLoop(tf, learner, {
    rows: new Int32Array((warmup + steps) * size),
    settings: { epochs: 1, batchSize: size, learningRate, seed: 0 },
    keeper: keepsNothing,
    signal: new AbortController().signal,
    onStep(progress) {
      done += 1;
      loss = progress.loss;
      if (done !== warmup) return;
      begun.seconds = performance.now() / 1000;
      begun.cpu = process.cpuUsage();
    },
  });
  const { user, system } = process.cpuUsage(begun.cpu);
  const seconds = performance.now() / 1000 - begun.seconds;
  tf.dispose({ ...head() });
  return { seconds, cpuSeconds: (user + system) / 1e6, loss };
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin))
  process.stdout.write(`${JSON.stringify(await round(JSON.parse(line)))}\n`);
