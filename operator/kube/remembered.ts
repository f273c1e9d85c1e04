/** A value and how long it is good for. */
export interface Made<T> {
  value: T;
  goodForMs: number;
}

export interface Remembered<T> {
  get(): Promise<T>;
  /** The value is of no more use. With `refused`: only if it is still that one. */
  forget(refused?: T): void;
}

/**
 * A value that is asked for at each request and made now and then. One making serves all who ask meanwhile. When it fails
 * the old value is kept, because a file that is just being replaced is no reason to stop; where there is none, the failure is
 * thrown and not remembered.
 */
export function remembered<T>(
  make: () => Promise<Made<T>>,
  now: () => number = () => performance.now(),
): Remembered<T> {
  let known: { value: T; until: number } | undefined;
  let making: Promise<T> | undefined;

  async function renew(): Promise<T> {
    try {
      const { value, goodForMs } = await make();
      known = { value, until: now() + goodForMs };
      return value;
    } catch (error) {
      if (known === undefined) throw error;
      return known.value;
    } finally {
      making = undefined;
    }
  }

  return {
    async get() {
      if (known !== undefined && now() < known.until) return known.value;
      making ??= renew();
      return making;
    },
    forget(refused) {
      if (refused === undefined || known?.value === refused) known = undefined;
    },
  };
}
