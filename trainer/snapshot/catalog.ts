import { readFile } from 'node:fs/promises';
import { catalogView, openStore, StepError, type StoreSettings } from '@shelfwise/trainer-contract';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { fromObjects } from './pictures.ts';
import type { Row, Source } from './product.ts';

const batch = 500;

/** A shop's own database, read through the contract's view; pictures lie below `url`. */
export function openCatalog(
  url: string,
  settings: StoreSettings,
  databaseUrlFile: string | undefined,
): Source {
  const store = openStore(url, settings);
  return {
    kind: 'catalog',
    url,
    columns: {
      id: 'product_id',
      designation: 'designation',
      description: 'description',
      class: 'category',
      picture: 'picture_key',
    },
    rows: () => readRows(databaseUrlFile),
    pictures: (wanted) => fromObjects(store, wanted, (pictureKey) => pictureKey),
  };
}

async function* readRows(databaseUrlFile: string | undefined): AsyncGenerator<Row> {
  const client = new pg.Client({
    ...connection(await readDatabaseUrl(databaseUrlFile)),
    application_name: 'shelfwise snapshot',
    connectionTimeoutMillis: 30_000,
    // Sorting many rows may take minutes; a server that is gone is noticed all the same.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  });
  // An idle client's lost connection arrives here as well as at the query that waits for it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // All rows as of one moment, though the shop goes on writing.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const columns = Object.keys(catalogView.columns);
    const order = columns.map((column) => `${column} COLLATE "C"`);
    const cursor = client.query(
      new Cursor(
        `SELECT ${columns.join(', ')} FROM ${catalogView.name} ORDER BY ${order.join(', ')}`,
      ),
    );
    let row = 0;
    for (;;) {
      const rows = await cursor.read(batch);
      for (const found of rows) yield toRow(found, ++row);
      if (rows.length < batch) return;
    }
  } catch (error) {
    throw explain(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function toRow(found: Record<string, string | null>, row: number): Row {
  return {
    row,
    id: found.product_id?.trim() ?? '',
    designation: found.designation?.trim() ?? '',
    description: found.description?.trim() || null,
    class: found.category?.trim() ?? '',
    pictureKey: found.picture_key?.trim() || null,
    wanted: null,
  };
}

async function readDatabaseUrl(file: string | undefined): Promise<string> {
  if (!file) {
    throw new StepError(
      'BadConfiguration',
      'A catalogue needs a database: set DATABASE_URL_FILE to a file that holds its URL.',
    );
  }
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new StepError(
      'BadConfiguration',
      `The database's URL cannot be read from ${file}: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

function connection(url: string): { connectionString: string } {
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return { connectionString: url };
  // The URL holds a password: it is not shown.
  throw new StepError(
    'BadConfiguration',
    'The database URL is none: write postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
  );
}

/** What a person can do about a PostgreSQL error, by its SQLSTATE; anything else is a matter of the connection. */
const remedies: Record<string, string> = {
  '28P01': 'The database refuses the password',
  '28000': 'The database refuses the user',
  '3D000': 'There is no such database',
  '42P01': `The database has no view ${catalogView.name}`,
  '42703': `The view ${catalogView.name} lacks a column`,
  '42501': `The database user may not read ${catalogView.name}`,
  '42804': `The view ${catalogView.name} has a column that is not text`,
  '42883': `The view ${catalogView.name} has a column that is not text`,
};

function explain(error: unknown): unknown {
  if (error instanceof StepError) return error;
  const { code = '', message } = error as Error & { code?: string };
  const remedy = remedies[code];
  const options = { cause: error };
  if (remedy) return new StepError('BadConfiguration', `${remedy}: ${message}.`, options);
  return new StepError(
    'StoreUnreachable',
    `The catalogue's database cannot be read: ${message || code}.`,
    options,
  );
}
