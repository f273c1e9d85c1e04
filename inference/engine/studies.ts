import type { PredictOptions } from './engine.ts';
import { AbandonedError, ItemError, OverloadError } from './errors.ts';
import type { Item, Prediction } from './item.ts';
import type { BatchDone } from './pool.ts';

/** A worker that studies is back for predictions after so many items: some 15 ms with the default model. */
const studyBatch = 4;

/** Studies that wait or run, each of some dozens of items. */
const mostStudies = 4;

interface StudiesSettings {
  /** Leaves the pictures to their owner. */
  run: (items: Item[]) => Promise<BatchDone>;
  /** Whether a worker is free and nothing more urgent waits. */
  mayRun: () => boolean;
}

/** Taken one by one as their turn comes, so that what is refused or given up costs no preparation. */
export type Variants = Iterable<Item> | AsyncIterable<Item>;

interface Study {
  variants: Iterator<Item> | AsyncIterator<Item>;
  /** Prepared, and next to run. */
  ready: Item[];
  answers: (Prediction | null)[];
  over: boolean;
  end(how: () => void): void;
  resolve(answers: (Prediction | null)[]): void;
  reject(error: Error): void;
}

/** Work of a second class: one batch at a time on one worker, and none while anything of the first class waits. */
export function createStudies({ run, mayRun }: StudiesSettings) {
  let waiting: Study[] = [];
  let running = false;

  function add(variants: Variants, { withinMs, signal }: PredictOptions) {
    return new Promise<(Prediction | null)[]>((resolve, reject) => {
      if (waiting.length >= mostStudies) {
        reject(new OverloadError(withinMs ?? 0));
        return;
      }
      if (signal?.aborted) {
        reject(new AbandonedError());
        return;
      }
      const onAbort = () => study.end(() => reject(new AbandonedError()));
      const late = () => study.end(() => reject(new OverloadError(withinMs ?? 0)));
      const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs);
      timer?.unref();
      const study: Study = {
        variants: iteratorOf(variants),
        ready: [],
        answers: [],
        over: false,
        end(how) {
          if (study.over) return;
          study.over = true;
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          waiting = waiting.filter((each) => each !== study);
          how();
        },
        resolve,
        reject,
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.push(study);
      void advance();
    });
  }

  /** To be called whenever a worker may be free. */
  async function advance(): Promise<void> {
    const [study] = waiting;
    if (running || !study || !mayRun()) return;
    running = true;
    try {
      await prepare(study);
      // A prediction may have come meanwhile.
      if (!study.over && mayRun()) await step(study);
    } catch (error) {
      study.end(() => study.reject(error as Error));
    } finally {
      running = false;
    }
    void advance();
  }

  /** A batch of the study; resolves it after the last. */
  async function step(study: Study): Promise<void> {
    const { results } = await run(study.ready.splice(0));
    for (const result of results) {
      if (!result.ok && result.fault !== 'empty') throw new ItemError(result.fault, result.message);
      study.answers.push(result.ok ? result : null);
    }
    await prepare(study);
  }

  return {
    add,
    advance: () => void advance(),
    size: () => waiting.length,
    close(): void {
      for (const study of [...waiting]) study.end(() => study.reject(new OverloadError(0)));
    },
  };
}

/** Takes the next batch of variants; where there are none any more the study has its answers. */
async function prepare(study: Study): Promise<void> {
  while (!study.over && study.ready.length < studyBatch) {
    const { done, value } = await study.variants.next();
    if (done) break;
    study.ready.push(value);
  }
  if (study.ready.length === 0) study.end(() => study.resolve(study.answers));
}

function iteratorOf(variants: Variants): Study['variants'] {
  return Symbol.asyncIterator in variants
    ? variants[Symbol.asyncIterator]()
    : variants[Symbol.iterator]();
}
