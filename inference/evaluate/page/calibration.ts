import type { Evaluation, Scores } from '@shelfwise/inference-contract';
import { type Content, columns, markup } from '@shelfwise/report';
import { count, score } from './words.ts';

/** Whether a probability of 0.8 is right eight times in ten. */
export function calibrationSection({ candidate, champion }: Evaluation): Content {
  return [
    markup`<p>Products in bins by the probability of what the model says: a column as high as the dashed line is as often right as it claims to be; a lower
one is too sure of itself. Expected calibration error ${score(candidate.calibration.error)}${champion ? `, the champion's ${score(champion.calibration.error)}` : ''}.</p>`,
    diagram(candidate.calibration),
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
