import type { Evaluation, Scores } from '@shelfwise/inference-contract';
import { type Content, heatMap, markup, table } from '@shelfwise/report';
import { contestBars } from './contest-bars.ts';
import { count, percent, score } from './words.ts';

/** More bars or squares than these are not read by anybody. */
const mostBars = 60;
const mostSquares = 40;
const mostPairs = 15;

/** How well every class is found, lowest first, and all figures of it. */
export function classesSection({ candidate, champion }: Evaluation): Content {
  const theirs = new Map(champion?.perClass.map((each) => [each.class, each]));
  const occurring = candidate.perClass.filter(({ support }) => support > 0);
  const sorted = occurring.toSorted(
    (a, b) => (a.recall ?? 0) - (b.recall ?? 0) || b.support - a.support,
  );
  const absent = candidate.perClass.length - occurring.length;
  return [
    sorted.length > mostBars
      ? markup`<p>The ${mostBars} classes that are found least, of ${sorted.length}.</p>`
      : null,
    contestBars(
      { label: 'Recall, lowest first', measure: 'recall', contested: champion !== null },
      sorted.slice(0, mostBars).map((each) => ({
        label: each.class,
        values: [each.recall, theirs.get(each.class)?.recall ?? null],
        note: each.support,
      })),
    ),
    markup`<h3>All figures</h3>`,
    table({
      columns: [
        { title: 'Class' },
        ...['Products', 'Taken for it', 'Precision', 'Recall', 'F1'].map((title) => ({
          title,
          number: true,
        })),
        ...(champion ? [{ title: 'Champion’s F1', number: true }] : []),
      ],
      rows: candidate.perClass.map((each) => [
        each.class,
        each.support,
        each.predicted,
        score(each.precision, 3),
        score(each.recall, 3),
        score(each.f1, 3),
        ...(champion ? [score(theirs.get(each.class)?.f1, 3)] : []),
      ]),
    }),
    absent > 0
      ? markup`<p class="quiet">${count(absent, 'class', 'classes')} without a held-out product.</p>`
      : null,
  ];
}

/** What is taken for what. */
export function confusionSection({ confusion }: Scores): Content {
  const { names, values, chosen } = squares(confusion);
  return [
    chosen
      ? markup`<p>The ${mostSquares} classes with the most mistakes, of ${confusion.classes.length}.</p>`
      : null,
    markup`<p>Each row is a true class, each column what its products are taken for; the stronger the colour, the larger the share of the row.</p>`,
    heatMap({
      description: 'Confusion matrix: true classes by what they are taken for',
      rows: 'true class',
      columns: 'taken for',
      names,
      values,
    }),
    markup`<h3>Taken for another most often</h3>`,
    table({
      columns: [
        { title: 'True class' },
        { title: 'Taken for' },
        { title: 'Products', number: true },
        { title: 'Of the class', number: true },
      ],
      rows: pairs(confusion),
    }),
  ];
}

/** The matrix, or of a large one the part where most goes wrong. */
function squares({ classes, counts }: Scores['confusion']) {
  const wrong = (i: number) =>
    classes.reduce((sum, _, j) => sum + (i === j ? 0 : at(counts, i, j) + at(counts, j, i)), 0);
  const occurring = [...classes.keys()].filter((i) => wrong(i) > 0 || at(counts, i, i) > 0);
  const chosen = occurring.length > mostSquares;
  const kept = chosen
    ? occurring
        .map((i) => ({ i, mistakes: wrong(i) }))
        .sort((a, b) => b.mistakes - a.mistakes || a.i - b.i)
        .slice(0, mostSquares)
        .map(({ i }) => i)
        .sort((a, b) => a - b)
    : occurring;
  return {
    chosen,
    names: kept.map((i) => classes[i] as string),
    values: kept.map((i) => kept.map((j) => at(counts, i, j))),
  };
}

function pairs({ classes, counts }: Scores['confusion']): Content[][] {
  const all = counts.flatMap((row, i) => {
    const support = row.reduce((sum, value) => sum + value, 0);
    return row.flatMap((value, j) => (i !== j && value > 0 ? [{ i, j, value, support }] : []));
  });
  return all
    .sort((a, b) => b.value - a.value || b.value / b.support - a.value / a.support)
    .slice(0, mostPairs)
    .map(({ i, j, value, support }) => [classes[i], classes[j], value, percent(value / support)]);
}

const at = (counts: number[][], i: number, j: number) => counts[i]?.[j] ?? 0;
