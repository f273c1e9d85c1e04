import { bars, languageName, markup, page, type Section, table, tiles } from '@shelfwise/report';
import type { DataReport, Distribution } from '@shelfwise/trainer-contract';
import {
  changesSection,
  conflictsSection,
  duplicatesSection,
  leftOutSection,
} from './report-lists.ts';
import { number, percent } from './words.ts';

/** The report as a page for the people who keep the catalogue. */
export function dataReportPage(report: DataReport): string {
  const { dataset, source, changes } = report;
  return page({
    title: 'The data of a snapshot',
    lead: markup`<p>${number(report.products)} labelled products of ${report.classes.length} classes, from ${source.url}
(${source.kind}).</p>`,
    sections: [
      { title: 'At a glance', content: glance(report) },
      classesSection(report),
      ...(changes ? [changesSection(changes)] : []),
      missingSection(report),
      languagesSection(report),
      textsSection(report),
      picturesSection(report),
      duplicatesSection(report),
      conflictsSection(report),
      leftOutSection(report),
    ],
    footer: markup`Dataset ${dataset}. The figures are in report.json beside this page.`,
  });
}

function glance(report: DataReport) {
  const { products, rows, classes, imbalance, duplicates, conflicts, leftOut } = report;
  return tiles([
    {
      label: 'Products',
      value: number(products),
      note: `${number(report.train)} to learn from, ${number(report.holdout)} held out`,
    },
    {
      label: 'Classes',
      value: number(classes.length),
      note: `as diverse as ${imbalance.effectiveClasses} of equal size`,
    },
    {
      label: 'Largest class by smallest',
      value: `${imbalance.ratio} ×`,
      note: `${classes[0]?.class} by ${classes.at(-1)?.class}`,
    },
    {
      label: 'In groups of near-duplicates',
      value: percent(duplicates.products, products),
      note: `${number(duplicates.groups)} groups${duplicates.acrossSides === 0 ? ', each on one side' : ''}`,
    },
    {
      label: 'Contradicting labels',
      value: number(conflicts.products),
      note: 'same text or picture, another class',
      mood: conflicts.products > 0 ? 'bad' : 'good',
    },
    {
      label: 'Left out',
      value: number(leftOut.products),
      note: `${percent(leftOut.products, rows)} of ${number(rows)} rows`,
      mood: leftOut.products > 0 ? 'bad' : 'good',
    },
  ]);
}

function classesSection({ classes, products }: DataReport): Section {
  return {
    title: 'Classes',
    content: bars({
      label: 'Class',
      note: 'share',
      series: ['train', 'holdout'],
      rows: classes.map(({ class: name, train, holdout }) => ({
        label: name,
        values: [train, holdout],
        note: percent(train + holdout, products),
      })),
      show: number,
    }),
  };
}

function missingSection({ classes, missing, products }: DataReport): Section {
  const shares = classes.map((own) => {
    const all = own.train + own.holdout;
    return { label: own.class, values: [own.withoutDescription / all, own.withoutPicture / all] };
  });
  return {
    title: 'What is missing',
    content: [
      markup`<p>${percent(missing.description, products)} of the products have no description, ${percent(missing.picture, products)} no
picture. A class of which much more is missing than of others is recognised by that.</p>`,
      bars({
        label: 'Class',
        series: ['without description', 'without picture'],
        maximum: 1,
        rows: shares,
        show: (share) => percent(share, 1),
      }),
    ],
  };
}

/** Rarer ones are mostly mistakes about short texts. */
const shownLanguages = 10;
const comparedLanguages = 6;

function languagesSection({ classes, languages, products }: DataReport): Section {
  const compared = languages.slice(0, comparedLanguages);
  const named = (code: string | null) => languageName(code, 'too short to tell');
  const row = (label: string, count: number) => {
    return { label, values: [count], note: percent(count, products) };
  };
  const shown = languages.slice(0, shownLanguages);
  const rest = products - shown.reduce((sum, own) => sum + own.products, 0);
  return {
    title: 'Languages',
    content: [
      markup`<p>Told from designation and description together by their n-grams, where these are long enough.</p>`,
      bars({
        label: 'Language',
        note: 'share',
        series: ['products'],
        rows: [
          ...shown.map((own) => row(named(own.language), own.products)),
          ...(rest > 0 ? [row('others', rest)] : []),
        ],
        show: number,
      }),
      table({
        caption: 'Share of the products of a class',
        columns: [
          { title: 'Class' },
          ...compared.map(({ language }) => ({ title: named(language), number: true })),
        ],
        rows: classes.map((own) => [
          own.class,
          ...compared.map(({ language }) => {
            const found = own.languages.find((one) => one.language === language);
            return percent(found?.products ?? 0, own.train + own.holdout);
          }),
        ]),
      }),
    ],
  };
}

function textsSection({ texts }: DataReport): Section {
  return {
    title: 'Length of texts',
    content: [
      texts.damaged === 0
        ? null
        : markup`<p>In ${number(texts.damaged)} products letters are lost (they stand as �): write the tables as UTF-8.</p>`,
      quantiles('Characters', { designation: texts.designation, description: texts.description }),
      histogram('Characters of the designation', texts.designation),
      histogram('Characters of the description', texts.description),
    ],
  };
}

function picturesSection({ pictures }: DataReport): Section {
  const { formats, width, height, bytes } = pictures;
  return {
    title: 'Pictures',
    content: [
      bars({
        label: 'Format',
        series: ['products'],
        rows: formats.map((own) => ({ label: own.format, values: [own.products] })),
        show: number,
      }),
      quantiles('Pixels, bytes', { width, height, 'bytes of the file': bytes }),
      histogram('Width in pixels', width),
      histogram('Height in pixels', height),
    ],
  };
}

function quantiles(title: string, each: Record<string, Distribution>) {
  const columns = ['minimum', 'p05', 'p25', 'median', 'p75', 'p95', 'maximum', 'mean'] as const;
  return table({
    columns: [{ title }, ...columns.map((name) => ({ title: name, number: true }))],
    rows: Object.entries(each).map(([name, spread]) => [
      name,
      ...columns.map((column) => (spread ? number(spread[column]) : '–')),
    ]),
  });
}

function histogram(label: string, spread: Distribution) {
  if (!spread) return null;
  return bars({
    label,
    series: ['products'],
    rows: spread.bins.map(({ from, to, products }) => ({
      label: from === to ? number(from) : `${number(from)} to ${number(to)}`,
      values: [products],
    })),
    show: number,
  });
}
