import { hash, verify } from '@node-rs/argon2';

/** OWASP's parameters for argon2id (the package's default algorithm): 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

export interface Passwords {
  hash(password: string): Promise<string>;
  /**
   * Whether the password belongs to the hash. Without a hash (no such user) it takes as long as with one
   * and says no, so that the time does not tell which users there are.
   */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>;
}

/** Thrown when more are waiting to be checked than makes sense to keep waiting. */
export class PasswordsBusyError extends Error {
  constructor() {
    super('too many passwords are waiting to be checked');
    this.name = 'PasswordsBusyError';
  }
}

/**
 * argon2id, one at a time: each takes some 20 ms of a core and runs on libuv's threads, which decode pictures too.
 * A flood of logins must not take them from the predictions.
 */
export async function createPasswords(mostWaiting = 32): Promise<Passwords> {
  const nobody = await hash('nobody has this password', parameters);
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting >= mostWaiting) return Promise.reject(new PasswordsBusyError());
    waiting++;
    const mine = last.then(work, work);
    last = mine.catch(() => undefined).finally(() => waiting--);
    return mine;
  }

  return {
    hash: (password) => inTurn(() => hash(password, parameters)),
    verify: (passwordHash, password) =>
      inTurn(async () => {
        const matches = await verify(passwordHash ?? nobody, password);
        return matches && passwordHash !== undefined;
      }),
  };
}
