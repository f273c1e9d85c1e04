import { bars, type Content, markup, type Section, table, tiles } from '@shelfwise/report';
import type { DataReport } from '@shelfwise/trainer-contract';
import { number } from './words.ts';

type Changes = NonNullable<DataReport['changes']>;
const shownMoves = 12;

type Duplicate = DataReport['duplicates']['largest'][number];

export function changesSection(changes: Changes): Section {
  const { parent, added, removed, relabelled, byClass } = changes;
  return {
    title: 'Since the snapshot before',
    content: [
      tiles([
        { label: 'New', value: number(added) },
        { label: 'Gone', value: number(removed) },
        { label: 'Of another class now', value: relabelled ? number(relabelled.products) : '?' },
        { label: 'Kept', value: number(changes.kept) },
      ]),
      byClass.length > 0 &&
        bars({
          label: 'Class',
          series: ['new', 'gone'],
          rows: byClass.map((own) => ({ label: own.class, values: [own.added, own.removed] })),
          show: number,
        }),
      relabelled && relabelled.products > 0 && relabelledTables(relabelled),
      markup`<p class="quiet">Compared with ${parent}.</p>`,
    ].map((part): Content => part || null),
  };
}

function relabelledTables({ products, moves, examples }: NonNullable<Changes['relabelled']>) {
  const shown = moves.slice(0, shownMoves);
  const rest = products - shown.reduce((sum, move) => sum + move.products, 0);
  return [
    table({
      caption: 'Products that stand under another class now',
      columns: [{ title: 'From' }, { title: 'to' }, { title: 'products', number: true }],
      rows: [
        ...shown.map(({ from, to, products: count }) => [from, to, number(count)]),
        ...(rest > 0 ? [['others', '', number(rest)]] : []),
      ],
    }),
    table({
      caption: 'For example',
      columns: [
        { title: 'Product' },
        { title: 'row', number: true },
        { title: 'from' },
        { title: 'to' },
      ],
      rows: examples.map(({ id, row, from, to }) => [id, row, from, to]),
    }),
  ];
}

export function duplicatesSection({ duplicates }: DataReport): Section {
  const { groups, products, acrossSides, largest } = duplicates;
  return {
    title: 'Near-duplicates',
    content: [
      markup`<p>${number(products)} products are in ${number(groups)} groups with the same text but for case, accents and markup, or the same
picture file. A group stands on one side of the split, so that nothing is judged that was learned, unless the source has a split of its own.</p>`,
      acrossSides === 0
        ? null
        : markup`<p>The source's own split holds ${number(acrossSides)} products out that have a duplicate in train: what is judged on
these was learned.</p>`,
      groups === 0 ? null : sets('The largest groups', largest),
    ],
  };
}

export function conflictsSection({ conflicts }: DataReport): Section {
  const part = (name: string, { sets: count, products, examples }: typeof conflicts.text) => [
    markup`<h3>Same ${name}, other class</h3>`,
    count === 0
      ? markup`<p>None.</p>`
      : [
          markup`<p>${number(products)} products share ${number(count)} ${name}s and stand under different classes. No model can be right about all of
them: correct the wrong ones.</p>`,
          sets(`Products with the same ${name}`, examples),
        ],
  ];
  return {
    title: 'Labels that contradict each other',
    content: [part('text', conflicts.text), part('picture', conflicts.picture)],
  };
}

function sets(caption: string, each: Duplicate[]) {
  return table({
    caption,
    columns: [
      { title: 'Designation of the first' },
      { title: 'products', number: true },
      { title: 'classes' },
      { title: 'product (row)' },
    ],
    rows: each.map(({ designation, products, classes, examples }) => [
      designation,
      number(products),
      classes.join(', '),
      named(examples, classes.length > 1) + (examples.length < products ? '; …' : ''),
    ]),
  });
}

/** The class only where there are several. */
function named(examples: Duplicate['examples'], withClass: boolean): string {
  const one = ({ id, row, class: name }: Duplicate['examples'][number]) =>
    withClass ? `${id} (${row}): ${name}` : `${id} (${row})`;
  return examples.map(one).join('; ');
}

export function leftOutSection({ leftOut, rows }: DataReport): Section {
  if (leftOut.products === 0)
    return {
      title: 'What was left out',
      content: markup`<p>Nothing: all ${number(rows)} rows.</p>`,
    };
  return {
    title: 'What was left out',
    content: [
      markup`<p>${number(leftOut.products)} of ${number(rows)} rows could not be used.</p>`,
      leftOut.reasons.map(({ column, reason, products, examples }) =>
        table({
          caption: `${number(products)}: ${column} ${reason}`,
          columns: [{ title: 'Row', number: true }, { title: column }, { title: 'what is wrong' }],
          rows: examples.map((one) => [one.row, one.value ?? '', one.reason]),
        }),
      ),
    ],
  };
}
