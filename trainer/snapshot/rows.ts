import { StepError, sampleKey } from '@shelfwise/trainer-contract';
import { createDigestMap } from './digest-map.ts';
import type { InvalidList } from './invalid.ts';
import { createLanguageDesk } from './languages.ts';
import type { Product, Row, Source } from './product.ts';
import { createProductList, type ProductList } from './product-list.ts';
import type { Spool } from './spool.ts';
import { isDamaged, spoolText, textFacts } from './text.ts';

/** In UTF-16 units. Beyond is no name, and would burden every list, plot and message that a class or an id stands in. */
const longestName = 256;
/** The model reads 32,768 of them; a shard must hold a few hundred such texts all the same. */
const longestText = 2 ** 20;

interface Reading {
  spool: Spool;
  invalid: InvalidList;
  signal: AbortSignal;
  advance(): void;
}

/**
 * Reads a source's rows: those that a snapshot can use, their texts in the spool, and how many there were in all; the
 * others are in `invalid`, by row and column.
 */
export async function usableRows(
  source: Source,
  { spool, invalid, signal, advance }: Reading,
): Promise<{ rows: ProductList; total: number }> {
  const rows = createProductList();
  const firstRows = createDigestMap(16);
  let told = 0;
  const languages = createLanguageDesk((language) => {
    const row = rows.at(told);
    rows.set(told++, { ...row, text: { ...row.text, language } });
  });
  let total = 0;
  try {
    for await (const row of source.rows()) {
      signal.throwIfAborted();
      total++;
      advance();
      const key = sampleKey(row.id);
      const wrong = whatIsWrong(row, source, firstRows.get(key));
      if (row.id && firstRows.get(key) === undefined) firstRows.set(key, row.row);
      if (wrong) {
        invalid.add(row.row, ...wrong);
        continue;
      }
      rows.add({ ...(await spooled(row, spool)), key });
      await languages.ask(`${row.designation} ${row.description ?? ''}`);
    }
    await languages.end();
  } finally {
    await languages.close();
  }
  if (total === 0) throw new StepError('BadData', `There is no product in ${source.url}.`);
  return { rows, total };
}

async function spooled(row: Row, spool: Spool): Promise<Omit<Product, 'key'>> {
  return {
    row: row.row,
    class: row.class,
    wanted: row.wanted,
    namesPicture: row.pictureKey !== null,
    text: { ...(await spoolText(spool, row)), ...textFacts(row), language: null },
    picture: null,
    group: 0,
    side: 'train',
  };
}

type Wrong = [column: string, value: string | null, reason: string];

/** The first thing that is wrong with a row; `first` is the row that has its id already. */
function whatIsWrong(row: Row, { columns }: Source, first: number | undefined): Wrong | undefined {
  const { id, designation, description } = row;
  const tooLong = (limit: number) =>
    `is longer than ${limit} characters${row.line ? ` (line ${row.line})` : ''}`;
  if (!id) return [columns.id, id, 'is empty'];
  if (isDamaged(id)) return [columns.id, id, notUtf8];
  if (id.length > longestName) return [columns.id, id, tooLong(longestName)];
  if (first !== undefined) return [columns.id, id, `is that of row ${first} already`];
  if (!designation) return [columns.designation, designation, 'is empty'];
  if (designation.length > longestText)
    return [columns.designation, designation, tooLong(longestText)];
  if (description && description.length > longestText)
    return [columns.description, description, tooLong(longestText)];
  if (!row.class) return [columns.class, row.class, 'is empty'];
  if (isDamaged(row.class)) return [columns.class, row.class, notUtf8];
  if (row.class.length > longestName) return [columns.class, row.class, tooLong(longestName)];
  if (row.pictureKey === '') return [columns.picture, '', 'is empty'];
  if (row.wanted && !['train', 'holdout'].includes(row.wanted))
    return ['split', row.wanted, 'is neither train nor holdout'];
  return undefined;
}

const notUtf8 = 'has letters that are not UTF-8';
