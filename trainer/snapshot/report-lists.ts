import { type Content, markup, type Section, table, tiles } from '@shelfwise/report';
import type { DataReport } from '@shelfwise/trainer-contract';
import { number } from './words.ts';

type Changes = NonNullable<DataReport['changes']>;
type Duplicate = DataReport['duplicates']['largest'][number];

export function changesSection(changes: Changes): Section {
  const { parent, added, removed, relabelled, byClass } = changes;
  const figure = (title: string) => ({ title, number: true });
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
        table({
          columns: [{ title: 'Class' }, figure('new'), figure('gone')],
          rows: byClass.map((own) => [own.class, number(own.added), number(own.removed)]),
        }),
      relabelled &&
        relabelled.moves.length > 0 && [
          table({
            columns: [{ title: 'From' }, { title: 'To' }, figure('products')],
            rows: relabelled.moves.map(({ from, to, products }) => [from, to, number(products)]),
          }),
          table({
            caption: 'For example',
            columns: [{ title: 'Product' }, figure('row'), { title: 'from' }, { title: 'to' }],
            rows: relabelled.examples.map(({ id, row, from, to }) => [id, row, from, to]),
          }),
        ],
      markup`<p class="quiet">Compared with ${parent}.</p>`,
    ].map((part): Content => part || null),
  };
}

export function duplicatesSection({ duplicates }: DataReport): Section {
  const { groups, products, largest } = duplicates;
  return {
    title: 'Near-duplicates',
    content: [
      markup`<p>${number(products)} products are in ${number(groups)} groups with the same text but for case, accents and markup, or the same
picture file. A group stands on one side of the split, so that nothing is judged that was learned.</p>`,
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
      { title: 'product (row, class)' },
    ],
    rows: each.map(({ designation, products, classes, examples }) => [
      designation,
      number(products),
      classes.join(', '),
      examples.map(({ id, row, class: name }) => `${id} (${row}, ${name})`).join('; ') +
        (examples.length < products ? '; …' : ''),
    ]),
  });
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
