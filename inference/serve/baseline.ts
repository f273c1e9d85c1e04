import { setTimeout as sleep } from 'node:timers/promises';
import { evaluationSchema } from '@shelfwise/inference-contract';
import {
  keys,
  parseDocument,
  type Store,
  StoreNotFound,
  StoreUnreachable,
} from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import type { Baseline } from '../metrics/drift.ts';
import type { Predicting } from '../metrics/predictions.ts';

const largestBytes = 64 * 2 ** 20;
const retryAfterMs = 60_000;

/**
 * How often the release predicted each class on the holdout, by evaluation.json; undefined where there is none of this model.
 * Goes on trying while the store is away: nothing waits for it.
 */
export async function holdoutBaseline(
  store: Store,
  { release, digest, classes }: Predicting,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<Baseline | undefined> {
  const key = keys.evaluation(release);
  while (!signal.aborted) {
    try {
      const { facts, candidate } = parseDocument(
        evaluationSchema,
        await store.read(key, largestBytes),
        key,
      );
      if (facts.candidate.digest !== digest) {
        log.warn(
          { key, digest: facts.candidate.digest },
          'no drift figure: another model was judged',
        );
        return undefined;
      }
      const predicted = new Map(candidate.perClass.map((one) => [one.class, one.predicted]));
      return classes.map((name) => predicted.get(name) ?? 0);
    } catch (err) {
      if (!(err instanceof StoreUnreachable)) {
        if (err instanceof StoreNotFound) log.info({ key }, 'no drift figure: not evaluated');
        else log.warn({ err, key }, 'no drift figure: the evaluation cannot be read');
        return undefined;
      }
      // Rejects only when it is aborted, and then the loop is over.
      await sleep(retryAfterMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
  return undefined;
}
