/** Rounds of conv-fusion's fit on our side. */
import type { Batch } from '../../trainer/conv-fusion/batch.ts';
import { createHead, stepOn } from '../../trainer/conv-fusion/fit.ts';
import type { FeatureScale } from '../../trainer/conv-fusion/normalise.ts';
import { loadTensorFlow } from '../../trainer/native/tensorflow.ts';
import { readBatches, sum } from './batches.ts';
import { answerRounds } from './our-side.ts';

const tf = loadTensorFlow('cpu');
const { shapes, batches } = await readBatches(process.argv[2] as string);
const { classes, rows, size } = shapes;
const width = sum(shapes.widths);
const scale: FeatureScale = {
  widths: shapes.widths,
  mean: new Float32Array(width).fill(1.5),
  factor: new Float32Array(width).fill(1.1),
  length: 1.2,
};

await answerRounds(tf, {
  size,
  begin({ decay }) {
    const { parameters, head } = createHead(tf, { rows, pictures: width, classes });
    const objective = {
      decay,
      pictureDecay: decay / 2,
      importance: new Float32Array(classes).fill(1),
    };
    return {
      learner: { parameters },
      step: (number) =>
        stepOn(tf, head(), batches[number % batches.length] as Batch, scale, objective),
      dispose: () => tf.dispose({ ...head() }),
    };
  },
});
