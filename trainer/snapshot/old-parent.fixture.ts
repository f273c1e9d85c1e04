import { readFile, writeFile } from 'node:fs/promises';
import { canonicalJson, sha256Of } from '@shelfwise/trainer-contract';

/** Makes a dataset as it was before members.json told classes and pictures. */
export async function makeOld(membersPath: string, snapshotPath: string): Promise<void> {
  const { schemaVersion, train, holdout } = JSON.parse(await readFile(membersPath, 'utf8'));
  const members = canonicalJson({ schemaVersion, train, holdout });
  await writeFile(membersPath, members);
  const snapshot = JSON.parse(await readFile(snapshotPath, 'utf8'));
  snapshot.members = { digest: sha256Of(members), size: Buffer.byteLength(members) };
  await writeFile(snapshotPath, JSON.stringify(snapshot));
}
