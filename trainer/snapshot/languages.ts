import { fork } from 'node:child_process';
import { once } from 'node:events';

/** detectLanguage reads no more. */
const longestText = 4096;
/** Kept of what the process writes when it fails. */
const longestWords = 8192;
/**
 * What reading its table takes, 170 MB, a process of its own alone gives back at its end: a thread's stays with the process.
 * Each text leaves as much litter as a page; without these limits the heap grows to some 400 MB over 85,000 products.
 */
const limits = ['--max-old-space-size=192', '--max-semi-space-size=2'];

type Languages = (string | null)[];

export interface LanguageTeller {
  /** The language of each text, as detectLanguage tells it. */
  tell(texts: string[]): Promise<Languages>;
  close(): Promise<void>;
}

/** Starts a process that tells languages beside the reading of rows. */
export function startLanguageTeller(
  program = new URL('./languages-process.ts', import.meta.url),
): LanguageTeller {
  const child = fork(program, {
    execArgv: limits,
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const waiting: PromiseWithResolvers<Languages>[] = [];
  let lost: Error | undefined;
  let words = '';
  const fail = (why: string, cause?: unknown) => {
    lost ??= new Error(`The process that tells languages was lost: ${why}.`, { cause });
    for (const { reject } of waiting.splice(0)) reject(lost);
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-longestWords);
  });
  child.on('message', (languages) => waiting.shift()?.resolve(languages as Languages));
  child.on('error', (error) => fail(error.message, error));
  // Not at its exit: then its last words may still be on their way.
  child.on('close', (code, signal) => {
    const said = /^\w*Error: .*/m.exec(words)?.[0];
    fail([`it ended with ${signal ?? `code ${code}`}`, said].filter(Boolean).join(', '));
  });
  return {
    tell(texts) {
      if (lost) return Promise.reject(lost);
      const answer = Promise.withResolvers<Languages>();
      waiting.push(answer);
      // That it is gone is told by its end.
      child.send(
        texts.map((text) => text.slice(0, longestText)),
        () => undefined,
      );
      return answer.promise;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
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

/** A few texts are told sooner than a process starts. */
async function tellHere(texts: string[]): Promise<Languages> {
  const { detectLanguage } = await import('@shelfwise/trainer-contract/language');
  return texts.map(detectLanguage);
}
