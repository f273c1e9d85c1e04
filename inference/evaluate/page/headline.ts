import type { Comparison, Evaluation, Scores } from '@shelfwise/inference-contract';
import { type Content, markup, type Tile, table, tiles, wilson } from '@shelfwise/report';
import type { GateNumbers } from '../gate.ts';
import { confidence, count, pValue, score, scoreWithFloor, signed } from './words.ts';

const labels = { accuracy: 'Accuracy', macroF1: 'Macro F1', weightedF1: 'Weighted F1' } as const;
type Metric = keyof typeof labels;

/** The few figures that the gate and a person look at first, beside what was asked of them. */
export function headline({ facts, candidate }: Evaluation, gate: GateNumbers): Content {
  const floored = (Object.keys(labels) as Metric[]).map((metric): Tile => {
    const floor = gate.minima.find(({ name }) => name === metric)?.minimum;
    const value = candidate[metric];
    const passes = value !== null && floor !== undefined && value >= Number(floor);
    return {
      label: labels[metric],
      value: scoreWithFloor(value, floor),
      note:
        floor === undefined
          ? 'no minimum asked for'
          : `${passes ? 'reaches' : 'does not reach'} the minimum ${floor}`,
      mood: floor === undefined ? undefined : passes ? 'good' : 'bad',
    };
  });
  const { products } = facts.holdout;
  return [
    tiles([
      ...floored,
      {
        label: 'Among the first three',
        value: score(candidate.top3Accuracy),
        note: 'the right class',
      },
      {
        label: 'Calibration error',
        value: score(candidate.calibration.error),
        note: 'ECE, 15 bins',
      },
      { label: 'Log loss', value: score(candidate.logLoss), note: 'nats' },
    ]),
    candidate.accuracy === null ? null : interval(candidate.accuracy, products),
    besides(candidate),
  ];
}

function interval(accuracy: number, products: number): Content {
  const [low, high] = wilson(accuracy, products);
  return markup`<p>On other products of this kind the accuracy lies between ${score(low, 3)} and ${score(high, 3)} with 95 % confidence (Wilson's interval, as if none of the ${count(products, 'product')} were variants of each other).</p>`;
}

function besides({ unanswered, unreadablePictures }: Scores): Content {
  const words = [
    unanswered > 0 &&
      `${count(unanswered, 'product')} had neither usable text nor a usable picture: counted as wrong.`,
    unreadablePictures > 0 &&
      `${count(unreadablePictures, 'picture')} could not be read: judged by the text alone.`,
  ].filter((each) => each !== false);
  return words.length === 0 ? null : markup`<p>${words.join(' ')}</p>`;
}

/** Candidate and champion on the same products, and how sure the difference is. */
export function contestSection({ candidate, champion, comparison, facts }: Evaluation): Content {
  if (!champion || !comparison || !facts.champion)
    return markup`<p>There is no champion: no release served when this one was judged.</p>`;
  const row = (name: string, of: (scores: Scores) => number | null, bound?: Bound) => {
    const [one, other] = [of(candidate), of(champion)];
    return [
      name,
      score(one),
      score(other),
      signed(one === null || other === null ? null : one - other),
      bound === undefined ? '' : signed(bound.lower),
    ];
  };
  return [
    markup`<p>Champion: <code>${facts.champion.release}</code>, <code>${facts.champion.digest}</code>.</p>`,
    table({
      columns: [
        { title: '' },
        { title: 'Candidate', number: true },
        { title: 'Champion', number: true },
        { title: 'Difference', number: true },
        { title: `Lower bound, ${confidence(comparison.confidence)}`, number: true },
      ],
      rows: [
        row(
          'Accuracy',
          (each) => each.accuracy,
          sameClasses(comparison) ? comparison.accuracy : undefined,
        ),
        row(
          'Macro F1',
          (each) => each.macroF1,
          sameClasses(comparison) ? comparison.macroF1 : undefined,
        ),
        row('Weighted F1', (each) => each.weightedF1),
        row('Among the first three', (each) => each.top3Accuracy),
        row('Calibration error (less is better)', (each) => each.calibration.error),
        row('Log loss (less is better)', (each) => each.logLoss),
      ],
    }),
    paired(comparison),
  ];
}

type Bound = Comparison['accuracy'];

/** Whether every product was compared: then the comparison's scores are those of the table. */
const sameClasses = ({ leftOut, candidateClasses, championClasses }: Comparison) =>
  leftOut === 0 && candidateClasses.length === 0 && championClasses.length === 0;

function paired(comparison: Comparison): Content {
  const { products, leftOut, classes, bothRight, bothWrong, candidateOnly, championOnly, groups } =
    comparison;
  const { resamples } = comparison.bootstrap;
  return [
    sameClasses(comparison) ? null : restricted(comparison),
    markup`<p>Of ${count(products, 'product')} in ${count(classes, 'class', 'classes')} both models have ${bothRight} right and ${bothWrong} wrong; the
candidate alone has ${candidateOnly} right, the champion alone ${championOnly}. McNemar's exact test, two-sided: p = ${pValue(comparison.pValue)}. Bounds: paired
bootstrap of ${count(groups, 'group')} of products that are alike, within the true classes, ${resamples.toLocaleString('en')} resamples, percentiles${leftOut > 0 ? `; ${count(leftOut, 'product')} of classes that one of the models does not know left out` : ''}.</p>`,
  ];
}

/** What is compared where the models' classes differ. */
function restricted({ accuracy, macroF1, candidateClasses, championClasses }: Comparison): Content {
  const row = (name: string, bound: Bound) => [
    name,
    score(bound.candidate),
    score(bound.champion),
    signed(bound.difference),
    signed(bound.lower),
  ];
  const list = (names: string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return [
    markup`<h3>On the classes that both know</h3>
<p>Only the candidate knows: ${list(candidateClasses)}. Only the champion knows: ${list(championClasses)}.</p>`,
    table({
      columns: ['', 'Candidate', 'Champion', 'Difference', 'Lower bound'].map((title, i) => ({
        title,
        number: i > 0,
      })),
      rows: [row('Accuracy', accuracy), row('Macro F1', macroF1)],
    }),
  ];
}
