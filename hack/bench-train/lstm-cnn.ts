/** Rounds of lstm-cnn's fit on our side. */
import { createNetwork, stepOn } from '../../trainer/lstm-cnn/fit.ts';
import { loadTensorFlow } from '../../trainer/native/tensorflow.ts';
import { readLstmBatches } from './lstm-batches.ts';
import { answerRounds } from './our-side.ts';

const tf = loadTensorFlow('cpu');
const { shapes, weights, batches } = await readLstmBatches(process.argv[2] as string);

await answerRounds(tf, {
  size: shapes.size,
  begin() {
    const network = createNetwork(tf, weights);
    return {
      learner: network,
      step(number) {
        const { batch, keep } = batches[number % batches.length] as (typeof batches)[number];
        return stepOn(tf, network, batch, keep, shapes.classes);
      },
      dispose() {
        const holders = [
          ...Object.values(network.parameters),
          ...Object.values(network.statistics),
        ];
        tf.dispose(holders.map(({ value }) => value));
      },
    };
  },
});
