import type { Logger } from 'pino';
import { repeat } from './background.ts';
import { predictBacklog } from './backlog.ts';
import type { Catalogue } from './catalogue.ts';
import { collectPictures } from './collector.ts';
import { forget } from './idempotency.ts';

const forgottenAtOnce = 1_000;

/** What the catalogue does by itself, in the background: predicts what waits, removes pictures and answers that nobody needs. */
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
  return {
    ...catalogue,
    async close(): Promise<void> {
      await Promise.all([predicting(), collecting(), forgetting()]);
    },
  };
}
