import type { Evaluation, Scores } from '@shelfwise/inference-contract';
import { type Content, columns, markup, table } from '@shelfwise/report';
import { count, score } from './words.ts';

/** Whether a probability of 0.8 is right eight times in ten. */
export function calibrationSection({ candidate, champion }: Evaluation): Content {
  return [
    markup`<p>Products in bins by the probability of what the model says: a column as high as the dashed line is as often right as it claims to be; a lower
one is too sure of itself. Expected calibration error ${score(candidate.calibration.error)}${champion ? `, the champion's ${score(champion.calibration.error)}` : ''}.</p>`,
    diagram(candidate.calibration),
    table({
      columns: ['Probability', 'Products', 'Claimed', 'Right'].map((title, i) => ({
        title,
        number: i > 0,
      })),
      rows: candidate.calibration.bins.flatMap((bin, i, { length }) =>
        bin.products === 0
          ? []
          : [
              [
                `${(i / length).toFixed(2)} to ${((i + 1) / length).toFixed(2)}`,
                bin.products,
                score(bin.confidence, 3),
                score(bin.accuracy, 3),
              ],
            ],
      ),
    }),
  ];
}

function diagram({ bins }: Scores['calibration']): Content {
  return columns({
    description: 'Reliability: share of right answers by the probability that was given',
    x: 'probability of the answer',
    y: 'share that is right',
    heights: bins.map(({ accuracy }) => accuracy),
    titles: bins.map(
      ({ products, accuracy, confidence }) =>
        `${count(products, 'product')}: ${score(accuracy, 3)} right, ${score(confidence, 3)} claimed`,
    ),
  });
}
