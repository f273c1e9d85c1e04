import { Worker } from 'node:worker_threads';

/** detectLanguage reads no more. */
const longestText = 4096;
/**
 * Its table takes 50 MB, and each text leaves as much litter as a page; without a limit the heap grows to some 400 MB over
 * 85,000 products, and stays that large for the rest of the snapshot.
 */
const limits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16 };

type Languages = (string | null)[];

export interface LanguageTeller {
  /** The language of each text, as detectLanguage tells it. */
  tell(texts: string[]): Promise<Languages>;
  close(): Promise<void>;
}

/** Starts a thread that tells languages beside the reading of rows, and whose memory is given back at the end. */
export function startLanguageTeller(
  program = new URL('./languages-worker.ts', import.meta.url),
): LanguageTeller {
  const worker = new Worker(program, { resourceLimits: limits });
  const waiting: PromiseWithResolvers<Languages>[] = [];
  let lost: Error | undefined;
  const fail = (why: string, cause?: unknown) => {
    lost ??= new Error(`The thread that tells languages was lost: ${why}.`, { cause });
    for (const { reject } of waiting.splice(0)) reject(lost);
  };
  worker.on('message', (languages: Languages) => waiting.shift()?.resolve(languages));
  worker.on('error', (error) => fail(error.message, error));
  worker.on('exit', (code) => fail(`it ended with code ${code}`));
  return {
    tell(texts) {
      if (lost) return Promise.reject(lost);
      const answer = Promise.withResolvers<Languages>();
      waiting.push(answer);
      worker.postMessage(texts.map((text) => text.slice(0, longestText)));
      return answer.promise;
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** So many texts go to the thread at a time. */
const batchSize = 256;

/**
 * Collects texts of which the language is asked, and tells it in the order of the texts, a list later than it was asked:
 * reading and telling go on side by side.
 */
export function createLanguageDesk(
  told: (language: string | null) => void,
  start: () => LanguageTeller = startLanguageTeller,
) {
  let teller: LanguageTeller | undefined;
  let texts: string[] = [];
  let telling: Promise<void> = Promise.resolve();

  async function send(answer: Promise<Languages>): Promise<void> {
    texts = [];
    const before = telling;
    telling = Promise.all([answer, before]).then(([languages]) => languages.forEach(told));
    // Its failure is thrown where it is awaited; until then it must not count as unhandled.
    telling.catch(() => undefined);
    await before;
  }

  return {
    async ask(text: string): Promise<void> {
      texts.push(text);
      if (texts.length < batchSize) return;
      teller ??= start();
      await send(teller.tell(texts));
    },
    /** Waits until all are told. */
    async end(): Promise<void> {
      await send(teller ? teller.tell(texts) : tellHere(texts));
      await telling;
    },
    close: async () => teller?.close(),
  };
}

/** A few texts are told sooner than a thread starts. */
async function tellHere(texts: string[]): Promise<Languages> {
  const { detectLanguage } = await import('@shelfwise/trainer-contract/language');
  return texts.map(detectLanguage);
}
