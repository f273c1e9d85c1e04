import { type Content, gallery, markup } from '@shelfwise/report';
import { nothing } from '../answers.ts';
import type { Contest } from '../contestants.ts';
import type { Examples } from './examples.ts';
import type { Shown } from './exhibits.ts';
import { count, percent } from './words.ts';

interface Wall {
  contest: Contest;
  shown: ReadonlyMap<number, Shown>;
}

/** The mistakes that the model was surest of: wrong labels show themselves here first. */
export function mistakesSection({ mistakes }: Examples, wall: Wall): Content {
  if (mistakes.length === 0) return markup`<p>No product is taken for another.</p>`;
  return [
    markup`<p>The ${count(mistakes.length, 'product')} that the model is surest of and wrong. Often it is the label that is wrong.</p>`,
    hung(mistakes, wall),
  ];
}

/** Products of the classes that are found least. */
export function missedSection({ missed }: Examples, wall: Wall): Content {
  if (missed.length === 0) return markup`<p>Every class is found every time.</p>`;
  return missed.map(({ class: name, recall, support, rows }) => [
    markup`<h3>${name}: ${percent(recall)} of ${count(support, 'product')} found</h3>`,
    hung(rows, wall),
  ]);
}

function hung(rows: number[], { contest, shown }: Wall): Content {
  const { candidate, champion, classes } = contest;
  const name = (index: number | undefined) =>
    index === undefined || index === nothing ? 'nothing' : (classes.all[index] as string);
  return gallery(
    rows.flatMap((row) => {
      const product = shown.get(row);
      if (!product) return [];
      const { answers } = candidate;
      const truth = answers.truth[row];
      const other = champion?.answers.said[row];
      return [
        {
          picture: product.picture,
          alternative: `Picture of product ${product.id}`,
          lines: [
            markup`<b>${product.designation || '(no designation)'}</b>`,
            product.description && markup`<span class="quiet">${product.description}</span>`,
            markup`is <span class="good">${name(truth)}</span>`,
            markup`taken for <span class="bad">${name(answers.said[row])}</span>, ${percent(answers.confidence[row] as number)}`,
            other === undefined
              ? null
              : markup`<span class="quiet">champion: ${other === truth ? 'right' : name(other)}</span>`,
            markup`<span class="quiet">product ${product.id}</span>`,
          ].filter((line) => line !== null && line !== ''),
        },
      ];
    }),
  );
}
