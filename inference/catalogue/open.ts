import type { Logger } from 'pino';
import { repeat } from './background.ts';
import { predictBacklog } from './backlog.ts';
import type { Catalogue } from './catalogue.ts';
import { collectPictures } from './collector.ts';
import { forget } from './idempotency.ts';
import { isOurs } from './owner.ts';
import { countWaiting, type Waiting } from './waiting.ts';

const forgottenAtOnce = 1_000;

/** What the catalogue does by itself, in the background: predicts what waits, and counts it; removes pictures and answers that nobody needs. */
export function openCatalogue(catalogue: Catalogue, log: Logger) {
  const { database } = catalogue;
  const predicting = repeat({
    name: 'predicting products that wait',
    everyMs: 2_000,
    againMs: 30_000,
    work: (signal) =>
      predictBacklog(catalogue, signal, (err) =>
        log.warn({ err }, 'a picture of a product that waits cannot be read; it is tried again'),
      ),
    log,
  });
  const collecting = repeat({
    name: 'removing pictures that no product names',
    everyMs: 600_000,
    againMs: 600_000,
    work: (signal) => collectPictures(catalogue, signal),
    log,
  });
  const forgetting = repeat({
    name: 'forgetting old idempotency keys',
    everyMs: 600_000,
    againMs: 600_000,
    async work() {
      if (database.ready() === undefined) return false;
      return (await database.query((knex) => forget(knex, forgottenAtOnce))) === forgottenAtOnce;
    },
    log,
  });
  let waiting: Waiting | undefined;
  const counting = repeat({
    name: 'counting products that wait',
    everyMs: 10_000,
    againMs: 10_000,
    async work() {
      try {
        waiting = (await isOurs(catalogue)) ? await database.query(countWaiting) : undefined;
      } catch (error) {
        waiting = undefined;
        throw error;
      }
      return false;
    },
    log,
  });
  return {
    ...catalogue,
    /** As they were counted lately; undefined while the database does not answer, or has the catalogue of another ModelRelease. */
    waiting: () => (database.ready() === undefined ? undefined : waiting),
    async close(): Promise<void> {
      await Promise.all([predicting(), collecting(), forgetting(), counting()]);
    },
  };
}
