import {
  type DataReport,
  datasetDigest,
  keys,
  readSnapshot,
  type Snapshot,
  type Store,
  StoreConflict,
} from '@shelfwise/trainer-contract';
import { dataReportPage } from './report-page.ts';

/**
 * Writes members.json, which lies in a file so far, and the report, then snapshot.json, which makes the dataset exist. One of the same digest that is
 * already there is the same dataset; it is verified and stays as it is. Returned is what this run found, whose times and
 * invalid rows may be others.
 */
export async function publishSnapshot(
  store: Store,
  content: Omit<Snapshot, 'digest' | 'members'>,
  members: Written,
  report: Omit<DataReport, 'dataset'>,
): Promise<Snapshot> {
  const digest = datasetDigest(content);
  const snapshot: Snapshot = {
    ...content,
    digest,
    members: { digest: members.digest, size: members.size },
  };
  const data: DataReport = { ...report, dataset: digest };
  // Without a snapshot.json, what lies there is of a run that did not end, and perhaps of another version.
  const write = (await store.stat(keys.snapshot(digest))) ? writeOnce : writeOver;
  await write(store, keys.members(digest), { path: members.path });
  await write(store, keys.dataReport(digest), json(data));
  await write(store, keys.dataReportPage(digest), Buffer.from(dataReportPage(data)), 'text/html');
  const isNew = await writeOnce(store, keys.snapshot(digest), json(snapshot));
  if (!isNew) await readSnapshot(store, digest);
  return snapshot;
}

/** A file, with its digest and its size in bytes. */
export interface Written {
  path: string;
  digest: string;
  size: number;
}

type Body = Buffer | { path: string };

const jsonType = 'application/json';

async function writeOver(store: Store, key: string, body: Body, contentType = jsonType) {
  await store.write(key, body, { contentType });
}

async function writeOnce(
  store: Store,
  key: string,
  body: Body,
  contentType = jsonType,
): Promise<boolean> {
  try {
    await store.write(key, body, { ifNoneMatch: true, contentType });
    return true;
  } catch (error) {
    if (error instanceof StoreConflict) return false;
    throw error;
  }
}

function json(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
