/**
 * Does `work` on what comes from `source`, several at a time, and gives the results in the source's order, each as soon as it
 * is its turn. While it is `full`, by the number of results that nobody has taken yet, no more is taken from the source: a
 * reader that is slow makes the source wait. Ends, and reads no further, when nobody reads it any more; what was taken until then
 * is worked on all the same. `work` may not reject.
 */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  work: (one: T) => Promise<R>,
  full: (waiting: number) => boolean,
): AsyncGenerator<R, void> {
  const window: Promise<R>[] = [];
  const room = createSignal();
  const news = createSignal();
  let ended = false;
  let left = false;
  let failure: { error: unknown } | undefined;

  async function read(): Promise<void> {
    for await (const one of source) {
      while (window.length > 0 && full(window.length) && !left) await room.next();
      // Also when nobody reads any more: what was taken may hold on to something that only `work` gives back.
      window.push(work(one));
      if (left) return;
      news.tell();
    }
  }
  void read()
    .catch((error: unknown) => {
      failure = { error };
    })
    .finally(() => {
      ended = true;
      news.tell();
    });

  try {
    while (true) {
      const first = window[0];
      if (first) {
        yield await first;
        window.shift();
        room.tell();
      } else if (ended) {
        if (failure) throw failure.error;
        return;
      } else {
        await news.next();
      }
    }
  } finally {
    left = true;
    room.tell();
  }
}

/** Wakes whoever waits for the next time that it is told. */
function createSignal() {
  let waiting: (() => void) | undefined;
  return {
    next: () =>
      new Promise<void>((resolve) => {
        waiting = resolve;
      }),
    tell() {
      waiting?.();
      waiting = undefined;
    },
  };
}
