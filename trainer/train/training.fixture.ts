import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '@shelfwise/trainer-contract';
import type { TestFolder } from '../folder.fixture.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { noCheckpoints } from './checkpoints.ts';
import type { Training } from './train.ts';

/** What the tests' trainings have in common: the folder's store, scratch of this one's own in it, and silence. */
export async function trainingIn(
  folder: TestFolder,
  snapshot: Snapshot,
): Promise<Omit<Training, 'architecture' | 'stage' | 'hyperparameters'>> {
  return {
    store: folder.store(),
    snapshot,
    tf: loadTensorFlow('cpu'),
    scratchDir: await mkdtemp(join(folder.path, 'scratch-')),
    checkpoints: noCheckpoints,
    signal: new AbortController().signal,
    log: { info: () => undefined, warn: () => undefined },
    progress: () => undefined,
  };
}
