import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keys, type Store } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import { type Scalar, scalarsRecord, textRecord, versionRecord } from './event-file.ts';

/**
 * An event file for TensorBoard in the scratch folder, uploaded beside the release. Each attempt at a training has a file of its own,
 * named by its time: TensorBoard reads all files of a folder, in this order. Nothing here throws.
 */
export function createEventFile(scratchDir: string, log: Logger) {
  const began = (Date.now() / 1000).toFixed(3);
  const name = `events.out.tfevents.${began}.${randomBytes(4).toString('hex')}`;
  const path = join(scratchDir, name);
  let broken = false;
  let isNew = false;

  function attempt(write: () => void): void {
    if (broken) return;
    try {
      write();
    } catch (error) {
      broken = true;
      log.warn(
        `The file for TensorBoard cannot be written (${(error as Error).message}): this training has no further curves there.`,
      );
    }
  }
  const seconds = () => Date.now() / 1000;
  attempt(() => writeFileSync(path, versionRecord(seconds())));

  return {
    scalars(scalars: readonly Scalar[]): void {
      isNew = true;
      const bySteps = Map.groupBy(scalars, ({ step }) => step);
      for (const [step, values] of bySteps)
        attempt(() => appendFileSync(path, scalarsRecord(values, step, seconds())));
    },
    text(title: string, markdown: string): void {
      attempt(() => appendFileSync(path, textRecord(title, markdown, seconds())));
    },
    /** Brings the file to `releases/<release>/tensorboard/`; does nothing where it has no curve that is not there yet. */
    async upload(store: Store, release: string): Promise<void> {
      if (!isNew || broken) return;
      isNew = false;
      try {
        await store.write(keys.tensorboard(release, name), { path });
      } catch (error) {
        log.warn(`The file for TensorBoard was not uploaded: ${(error as Error).message}`);
      }
    },
  };
}
