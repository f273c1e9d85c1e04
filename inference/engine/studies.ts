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

interface Study {
  variants: readonly Item[];
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

  function add(variants: readonly Item[], { withinMs, signal }: PredictOptions) {
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
        variants,
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
      const from = study.answers.length;
      const { results } = await run(study.variants.slice(from, from + studyBatch));
      for (const result of results) {
        if (!result.ok && result.fault !== 'empty')
          throw new ItemError(result.fault, result.message);
        study.answers.push(result.ok ? result : null);
      }
      if (study.answers.length >= study.variants.length)
        study.end(() => study.resolve(study.answers));
    } catch (error) {
      study.end(() => study.reject(error as Error));
    } finally {
      running = false;
    }
    void advance();
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
