import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Done, Work } from './password-worker.ts';

export interface Passwords {
  hash(password: string): Promise<string>;
  /**
   * Whether the password belongs to the hash. Without a hash (no such user) it takes as long as with one
   * and says no, so that the time does not tell which users there are.
   */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>;
  /** Throws PasswordsBusyError where one more would be refused: before anything is asked of the database for it. */
  expectRoom(): void;
  close(): Promise<void>;
}

export interface PasswordLimits {
  /** Passwords that may wait for their turn. */
  mostWaiting: number;
  /** Passwords that are checked without a pause after a quiet time. */
  burst: number;
  /** Passwords in a second for as long as there are some. */
  perSecond: number;
}

/**
 * A hash takes some 20 ms of a core: of a flood of logins predictions lose a tenth of one core. People who log in every 15 minutes
 * could be thousands.
 */
const usual: PasswordLimits = { mostWaiting: 32, burst: 50, perSecond: 5 };

/** Thrown when more are waiting to be checked than makes sense to keep waiting. */
export class PasswordsBusyError extends Error {
  constructor() {
    super('too many passwords are waiting to be checked');
    this.name = 'PasswordsBusyError';
  }
}

/** argon2id, one at a time, in a thread of its own that gives way to those that predict, and at a bounded pace. */
export async function createPasswords(limits: Partial<PasswordLimits> = {}): Promise<Passwords> {
  const { mostWaiting, burst, perSecond } = { ...usual, ...limits };
  const pace = createPace(burst, perSecond);
  const thread = createThread();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  function expectRoom(): void {
    if (waiting >= mostWaiting) throw new PasswordsBusyError();
  }

  async function inTurn(work: Work): Promise<string | boolean> {
    expectRoom();
    waiting++;
    const mine = last.then(async () => {
      await pace();
      return thread.perform(work);
    });
    last = mine.catch(() => undefined).finally(() => waiting--);
    return mine;
  }

  const hash = async (password: string) => String(await inTurn({ kind: 'hash', password }));
  const nobody = await hash('nobody has this password');
  return {
    hash,
    async verify(passwordHash, password) {
      const matches = await inTurn({ kind: 'verify', password, hash: passwordHash ?? nobody });
      return matches === true && passwordHash !== undefined;
    },
    expectRoom,
    close: thread.close,
  };
}

/** Waits until the next one may begin: a bucket of `burst` that fills by `perSecond`. */
function createPace(burst: number, perSecond: number): () => Promise<void> {
  let left = burst;
  let at = performance.now();
  return async () => {
    const now = performance.now();
    left = Math.min(burst, left + ((now - at) / 1000) * perSecond) - 1;
    at = now;
    if (left < 0) await sleep((-left / perSecond) * 1000);
  };
}

/** One piece of work at a time; a thread that was lost is replaced with the next. */
function createThread() {
  let worker: Worker | undefined;
  let pending: PromiseWithResolvers<Done> | undefined;

  function start(): Worker {
    const started = new Worker(new URL('./password-worker.ts', import.meta.url));
    started.on('message', (done: Done) => pending?.resolve(done));
    started.on('error', (error) => pending?.reject(error));
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      pending?.reject(new Error('the thread that checks passwords ended before it answered'));
    });
    return started;
  }

  return {
    async perform(work: Work): Promise<string | boolean> {
      worker ??= start();
      const mine = worker;
      const answer = Promise.withResolvers<Done>();
      pending = answer;
      // A program whose work is done must not wait for this thread; while it works, it must.
      mine.ref();
      mine.postMessage(work);
      const done = await answer.promise.finally(() => mine.unref());
      if ('error' in done) throw new Error(`a password could not be checked: ${done.error}`);
      return done.value;
    },
    async close(): Promise<void> {
      await worker?.terminate();
    },
  };
}
