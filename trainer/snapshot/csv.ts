import { pipeline, type Readable } from 'node:stream';
import { StepError } from '@shelfwise/trainer-contract';
import { CsvError, parse } from 'csv-parse';
import { cutLongValues } from './csv-long-values.ts';

/** Beyond, a value is cut: 2^20 characters, which are more than a product may have, take no more in UTF-8. */
const maximumValueBytes = 4 * 2 ** 20;
/** For as many values as a record may have, and the line breaks of one that was cut. */
const maximumRecordBytes = 64 * 2 ** 20;

export interface CsvRow {
  /** Counts from 1, the header not counted. */
  row: number;
  /** Of the file, on which the row begins; counts from 1, the header counted. */
  line: number;
  /** The value of a column; undefined where the file has no such column. */
  get(column: string): string | undefined;
}

/**
 * Reads a CSV with a header row by row: quoted line breaks, a byte order mark and CRLF are understood. Of a value
 * of more than 4 MiB the beginning is given. Throws BadData naming the file and the missing column, or the line that is damaged.
 */
export async function* readCsv(
  source: Readable,
  name: string,
  required: string[],
): AsyncGenerator<CsvRow> {
  const parser = parse({
    ...{ bom: true, skip_empty_lines: true },
    max_record_size: maximumRecordBytes,
  });
  /** Those on which the records begin that the parser has not given out yet. */
  const lines: number[] = [];
  // The parser hands on what breaks the source; without a callback it would be thrown twice.
  pipeline(
    source,
    (bytes: AsyncIterable<Uint8Array>) =>
      cutLongValues(bytes, maximumValueBytes, (line) => lines.push(line)),
    parser,
    () => undefined,
  );
  let columns: Map<string, number> | undefined;
  let row = 0;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      const line = lines.shift() ?? 0;
      if (!columns) {
        columns = header(record, name, required);
        continue;
      }
      const at = columns;
      yield { row: ++row, line, get: (column) => record[at.get(column) ?? -1] };
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
