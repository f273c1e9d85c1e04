import { pipeline, type Readable } from 'node:stream';
import { StepError } from '@shelfwise/trainer-contract';
import { CsvError, parse } from 'csv-parse';

/** Longer than any description, and short enough that a quote never closed does not fill the memory. */
const maximumRecordBytes = 4 * 2 ** 20;

export interface CsvRow {
  /** Counts from 1, the header not counted. */
  row: number;
  /** The value of a column; undefined where the file has no such column. */
  get(column: string): string | undefined;
}

/**
 * Reads a CSV with a header row by row: quoted line breaks, a byte order mark and CRLF are understood.
 * Throws BadData naming the file and the missing column, or the line that is damaged.
 */
export async function* readCsv(
  source: Readable,
  name: string,
  required: string[],
): AsyncGenerator<CsvRow> {
  const parser = parse({ bom: true, max_record_size: maximumRecordBytes, skip_empty_lines: true });
  // The parser hands on what breaks the source; without a callback it would be thrown twice.
  pipeline(source, parser, () => undefined);
  let columns: Map<string, number> | undefined;
  let row = 0;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      if (!columns) {
        columns = header(record, name, required);
        continue;
      }
      const at = columns;
      yield { row: ++row, get: (column) => record[at.get(column) ?? -1] };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new StepError('BadData', `${name} is damaged: ${error.message}.`, { cause: error });
  }
  if (!columns) throw new StepError('BadData', `${name} is empty: it has not even a header.`);
}

function header(record: string[], name: string, required: string[]): Map<string, number> {
  const columns = new Map(record.map((column, i) => [column.trim(), i]));
  const missing = required.filter((column) => !columns.has(column));
  if (missing.length > 0) {
    throw new StepError(
      'BadData',
      `${name} has no column ${missing.join(', ')}; its columns are ${record.join(', ')}.`,
    );
  }
  const double = required.find(
    (column) => record.filter((one) => one.trim() === column).length > 1,
  );
  if (double !== undefined)
    throw new StepError('BadData', `${name} has the column ${double} twice: remove one.`);
  return columns;
}
