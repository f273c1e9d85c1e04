import type { Evaluation, Modality, Part, Scores } from '@shelfwise/inference-contract';
import { type Content, languageName, markup, table } from '@shelfwise/report';
import { contestBars } from './contest-bars.ts';
import { count, score } from './words.ts';

const modalities: Record<Modality, string> = {
  'text+picture': 'text and picture',
  text: 'text, no picture',
  picture: 'picture, no text',
  none: 'neither',
};

/** Languages of fewer products than these, or of a smaller share, are left out: their accuracies are chance. */
const fewestProducts = 5;
const smallestShare = 0.01;

/** By language, by what products offer, and what one half alone would say. */
export function partsSection({ candidate, champion }: Evaluation): Content {
  const of = <T>(scores: Scores | null, pick: (scores: Scores) => T) => scores && pick(scores);
  return [
    markup`<h3>By language of the text</h3>`,
    drawn(
      'Language',
      languages(candidate).map(([name, part]) => [
        name,
        part,
        of(champion, (scores) => languages(scores).find(([other]) => other === name)?.[1]),
      ]),
      champion !== null,
    ),
    rareLanguages(candidate),
    markup`<h3>By what a product has</h3>`,
    drawn(
      'Offers',
      candidate.byModality.map((part) => [
        modalities[part.modality],
        part,
        of(champion, (scores) =>
          scores.byModality.find((other) => other.modality === part.modality),
        ),
      ]),
      champion !== null,
    ),
    markup`<h3>What one half alone would say</h3>`,
    drawn(
      'Goes by',
      [
        ['text alone', candidate.alone.text, of(champion, ({ alone }) => alone.text)],
        ['picture alone', candidate.alone.picture, of(champion, ({ alone }) => alone.picture)],
      ],
      champion !== null,
    ),
    table({
      caption: 'Macro F1 of the candidate, over the classes that occur in a part',
      columns: [
        { title: 'Part' },
        { title: 'Products', number: true },
        { title: 'Accuracy', number: true },
        { title: 'Macro F1', number: true },
      ],
      rows: [
        ...languages(candidate),
        ...candidate.byModality.map((part): [string, Part] => [modalities[part.modality], part]),
        ['text alone', candidate.alone.text] as [string, Part],
        ['picture alone', candidate.alone.picture] as [string, Part],
      ].map(([name, part]) => [
        name,
        part.products,
        score(part.accuracy, 3),
        score(part.macroF1, 3),
      ]),
    }),
  ];
}

function languages({ byLanguage }: Scores): [name: string, part: Part][] {
  const total = byLanguage.reduce((sum, { products }) => sum + products, 0);
  const fewest = Math.max(fewestProducts, smallestShare * total);
  return byLanguage
    .filter(({ products }) => products >= fewest)
    .map((part) => [languageName(part.language, 'cannot be told'), part]);
}

function rareLanguages(scores: Scores): Content {
  const rare = scores.byLanguage.length - languages(scores).length;
  return rare === 0
    ? null
    : markup`<p class="quiet">${count(rare, 'language')} of fewer products: in evaluation.json.</p>`;
}

function drawn(
  label: string,
  rows: [name: string, candidate: Part, champion: Part | null | undefined][],
  contested: boolean,
): Content {
  return contestBars(
    { label, measure: 'accuracy', contested },
    rows.map(([name, one, other]) => ({
      label: name,
      values: [one.accuracy, other?.accuracy ?? null],
      note: one.products,
    })),
  );
}
