import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore, type Store } from '@shelfwise/trainer-contract';

export interface TestFolder {
  readonly path: string;
  /** That of a file or folder below it. */
  url(name: string): string;
  /** Its folder `store`, as a store. */
  store(): Store;
}

/** A folder for one test, gone with `remove`. */
export async function testFolder(): Promise<TestFolder & { remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'trainer-'));
  const url = (name: string) => pathToFileURL(join(path, name)).href;
  return {
    path,
    url,
    store: () => openStore(url('store'), { region: 'x', forcePathStyle: false }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** For a suite: each of its tests finds a folder of its own, which is gone after it. */
export const folderForEach = (): TestFolder => keptBy(beforeEach, afterEach);

/** For a suite: one folder for all of its tests. */
export const folderForAll = (): TestFolder => keptBy(before, after);

function keptBy(begin: Mocha.HookFunction, end: Mocha.HookFunction): TestFolder {
  let folder: Awaited<ReturnType<typeof testFolder>>;
  begin(async () => {
    folder = await testFolder();
  });
  end(() => folder.remove());
  return {
    get path() {
      return folder.path;
    },
    url: (name) => folder.url(name),
    store: () => folder.store(),
  };
}
