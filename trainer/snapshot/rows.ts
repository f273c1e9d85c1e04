import { StepError } from '@shelfwise/trainer-contract';
import type { InvalidList } from './invalid.ts';
import type { Row, Source } from './product.ts';

/** Rows that a snapshot can use, and how many there were in all; the others are in `invalid`, by row and column. */
export async function usableRows(
  source: Source,
  invalid: InvalidList,
  signal: AbortSignal,
): Promise<{ rows: Row[]; total: number }> {
  const { columns } = source;
  const rows: Row[] = [];
  const firstRows = new Map<string, number>();
  let total = 0;
  for await (const row of source.rows()) {
    signal.throwIfAborted();
    total++;
    const first = firstRows.get(row.id);
    const refuse = (column: string, value: string, reason: string) =>
      invalid.add(row.row, column, value, reason);
    if (!row.id) refuse(columns.id, row.id, 'is empty');
    else if (first !== undefined) refuse(columns.id, row.id, `is that of row ${first} already`);
    else if (!row.designation) refuse(columns.designation, row.designation, 'is empty');
    else if (!row.class) refuse(columns.class, row.class, 'is empty');
    else if (row.pictureKey === '') refuse(columns.picture, '', 'is empty');
    else if (row.wanted && !['train', 'holdout'].includes(row.wanted)) {
      refuse('split', row.wanted, 'is neither train nor holdout');
    } else rows.push(row);
    if (row.id && first === undefined) firstRows.set(row.id, row.row);
  }
  if (total === 0) throw new StepError('BadData', `There is no product in ${source.url}.`);
  return { rows, total };
}
