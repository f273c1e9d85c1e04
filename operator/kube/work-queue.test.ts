import { expect } from 'chai';
import { waitFor } from '../../hack/process/wait.ts';
import { ApiError } from './api-error.ts';
import { ReconcileError } from './errors.ts';
import {
  createWorkQueue,
  type Reconcile,
  type WorkQueue,
  type WorkQueueOptions,
} from './work-queue.ts';

describe('work queue', () => {
  let queue: WorkQueue;
  let started: string[];
  /** Lets the running reconcile of a key go on: with an answer, or with an error. */
  let held: Map<string, (finish: () => unknown) => void>;
  let retries: [string, number][];
  let depths: number[];
  let waits: number;
  let stop: AbortController;
  let running: Promise<void>;

  function start(reconcile: Reconcile, options: Partial<WorkQueueOptions> = {}): void {
    started = [];
    held = new Map();
    retries = [];
    depths = [];
    waits = 0;
    queue = createWorkQueue({
      reconcile: (key) => {
        started.push(key);
        return reconcile(key);
      },
      backoff: { baseDelayMs: 2, maximumDelayMs: 8 },
      onError: (key, _, retryInMs) => retries.push([key, retryInMs]),
      random: () => 1,
      observe: {
        depth: (keys) => depths.push(keys),
        waited: () => waits++,
        worked: () => undefined,
        retried: () => undefined,
      },
      ...options,
    });
    stop = new AbortController();
    running = queue.run(stop.signal);
  }

  const hold: Reconcile = (key) =>
    new Promise((resolve, reject) => {
      held.set(key, (finish) => {
        held.delete(key);
        try {
          resolve(finish() as undefined);
        } catch (error) {
          reject(error);
        }
      });
    });
  const finish = (key: string, how: () => unknown = () => undefined) => held.get(key)?.(how);
  const until = (what: string, condition: () => boolean) =>
    waitFor(async () => condition() || undefined, { what, limitMs: 20_000, everyMs: 1 }).catch(
      (error) => {
        throw new Error(`${error.message} Seen: ${JSON.stringify({ started, retries, depths })}`);
      },
    );
  const fail = (error: Error) => () => {
    throw error;
  };

  afterEach(async () => {
    stop.abort();
    for (const key of held.keys()) finish(key);
    await running;
  });

  it('reconciles a key once, however often it was added while it waited', async () => {
    start(hold, { concurrency: 1 });
    queue.add('a');
    for (let i = 0; i < 5; i++) queue.add('b');
    finish('a');
    await until('b', () => held.has('b'));
    finish('b');
    queue.add('c');
    await until('c', () => held.has('c'));
    expect(started).to.deep.equal(['a', 'b', 'c']);
    expect(Math.max(...depths)).to.equal(1);
    expect(waits).to.equal(3);
  });

  it('never reconciles one key twice at a time, and comes again for what was added meanwhile', async () => {
    start(hold);
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(started).to.deep.equal(['a']);
    finish('a');
    await until('the second turn', () => held.has('a'));
    expect(started).to.deep.equal(['a', 'a']);
    finish('a');
    queue.add('b');
    await until('b', () => held.has('b'));
    expect(started).to.deep.equal(['a', 'a', 'b']);
  });

  it('works on as many keys as it may, no more', async () => {
    start(hold, { concurrency: 3 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    expect(started).to.deep.equal(['a', 'b', 'c']);
    finish('b');
    await until('d', () => held.has('d'));
    expect(started).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('lets a busy key wait behind the others', async () => {
    start(hold, { concurrency: 1 });
    queue.add('busy');
    queue.add('a');
    queue.add('busy');
    queue.add('b');
    for (const key of ['busy', 'a', 'b']) {
      await until(key, () => held.has(key));
      finish(key);
    }
    await until('the turn of busy', () => held.has('busy'));
    expect(started).to.deep.equal(['busy', 'a', 'b', 'busy']);
  });

  it('comes again after the delay that was asked for', async () => {
    let count = 0;
    start(async () => (++count < 3 ? { requeueAfterMs: 1 } : undefined));
    queue.add('a');
    await until('three turns', () => started.length === 3);
  });

  it('takes the earliest of several delays, and forgets them at a turn', async () => {
    start(hold);
    queue.addAfter('a', 3_600_000);
    queue.addAfter('a', 5);
    queue.addAfter('a', 7_200_000);
    await until('the early turn', () => held.has('a'));
    finish('a');
    queue.addAfter('b', 50);
    queue.add('b');
    await until('b', () => held.has('b'));
    finish('b');
    queue.addAfter('c', 100);
    await until('c', () => held.has('c'));
    expect(started).to.deep.equal(['a', 'b', 'c']);
  });

  it('does not take a wait of more than 24.8 days for none', async () => {
    start(hold);
    queue.addAfter('later', 2 ** 31);
    queue.addAfter('never', Number.MAX_SAFE_INTEGER);
    queue.addAfter('soon', 20);
    await until('soon', () => held.has('soon'));
    expect(started).to.deep.equal(['soon']);
  });

  it('tries a failing key again with growing waits up to a cap, and starts over after a success', async () => {
    start(hold);
    queue.add('a');
    for (let i = 0; i < 5; i++) {
      await until(`turn ${i}`, () => held.has('a'));
      finish('a', fail(new ReconcileError('Transient', 'Busy', 'no')));
    }
    await until('the good turn', () => held.has('a'));
    expect(retries.map(([, wait]) => wait)).to.deep.equal([2, 4, 8, 8, 8]);
    finish('a');
    queue.add('a');
    await until('the turn after', () => held.has('a'));
    finish('a', fail(new Error('a bug')));
    await until('its report', () => retries.length === 6);
    expect(retries[5]).to.deep.equal(['a', 2]);
  });

  it('tries a Stalled key again at the longest interval, and at once when it is added', async () => {
    start(hold, { backoff: { baseDelayMs: 2, maximumDelayMs: 3_600_000 } });
    queue.add('a');
    finish('a', fail(new ReconcileError('Stalled', 'Invalid', 'no')));
    await until('the report', () => retries.length === 1);
    expect(retries).to.deep.equal([['a', 3_600_000]]);
    queue.add('a');
    await until('a again', () => held.has('a'));
    // A failure of another kind begins where it would have been without.
    finish('a', fail(new Error('lost')));
    await until('the report', () => retries.length === 2);
    expect(retries[1]).to.deep.equal(['a', 4]);
  });

  it('takes an API server that says no to the object for Stalled, whether the reconcile sorted its errors or not', async () => {
    start(hold, { backoff: { baseDelayMs: 2, maximumDelayMs: 3_600_000 } });
    const about = { verb: 'create', resource: 'jobs.batch', object: 'a', message: 'no' };
    for (const [status, reason] of [
      [422, 'Invalid'],
      [409, 'Conflict'],
    ] as const) {
      queue.add(reason);
      finish(reason, fail(new ApiError({ ...about, status, reason })));
    }
    await until('the reports', () => retries.length === 2);
    expect(retries).to.deep.equal([
      ['Invalid', 3_600_000],
      ['Conflict', 2],
    ]);
  });

  it('takes a delay that is no number for a failure of its key, and keeps the times of the others', async () => {
    let turns = 0;
    start(async (key) => {
      if (key === 'bad') return { requeueAfterMs: Number.NaN };
      return ++turns < 3 ? { requeueAfterMs: 20 } : undefined;
    });
    queue.add('bad');
    queue.add('good');
    await until('all turns of good', () => turns === 3);
    await until('waits that grow', () => retries.length >= 3);
    expect(retries.slice(0, 3)).to.deep.equal([
      ['bad', 2],
      ['bad', 4],
      ['bad', 8],
    ]);
    expect(() => queue.addAfter('other', Number.NaN)).to.throw(
      'The key other can’t come after NaN ms',
    );
  });

  it('grants the API server the time it asked for, but not for ever', async () => {
    start(hold, { backoff: { baseDelayMs: 2, maximumDelayMs: 600_000 } });
    const busy = (retryAfterMs: number) => {
      const about = { verb: 'get', resource: 'pods', object: '', message: 'no' };
      const cause = new ApiError({
        ...about,
        status: 429,
        reason: 'TooManyRequests',
        retryAfterMs,
      });
      return new ReconcileError('Transient', 'TooManyRequests', 'no', { cause });
    };
    queue.add('a');
    finish('a', fail(busy(30_000)));
    queue.add('b');
    finish('b', fail(busy(86_400_000)));
    await until('the reports', () => retries.length === 2);
    expect(retries).to.deep.equal([
      ['a', 30_002],
      ['b', 600_002],
    ]);
  });

  it('does not sleep for minutes when an API server comes back that was away', async () => {
    start(hold, { backoff: { baseDelayMs: 20_000_000, maximumDelayMs: 40_000_000 } });
    const about = { verb: 'get', resource: 'pods', object: '', reason: 'R', message: 'no' };
    for (const status of [0, 503, 404]) {
      const key = `met ${status}`;
      queue.add(key);
      finish(key, fail(new ApiError({ ...about, status })));
    }
    await until('the reports', () => retries.length === 3);
    expect(retries).to.deep.equal([
      ['met 0', 30_000],
      ['met 503', 30_000],
      ['met 404', 20_000_000],
    ]);
  });

  it('ends with what throws in those who are told of errors', async () => {
    start(hold, {
      onError: () => {
        throw new Error('a bug of the listener');
      },
    });
    queue.add('a');
    finish('a', fail(new Error('no')));
    expect(await running.catch(String)).to.equal('Error: a bug of the listener');
    running = Promise.resolve();
  });

  it('knows what it does, and for how long', async () => {
    start(hold, { concurrency: 1 });
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 1e6);
    const { longestRunningSeconds, ...counts } = queue.state();
    expect(counts).to.deep.equal({ ready: 1, delayed: 1, running: 1 });
    await until('time to pass', () => queue.state().longestRunningSeconds > longestRunningSeconds);
  });

  it('goes on with the other keys while one fails', async () => {
    start(async (key) => {
      if (key === 'bad') throw new Error('no');
      return undefined;
    });
    queue.add('bad');
    for (let i = 0; i < 20; i++) queue.add(`good-${i}`);
    await until('all', () => started.filter((key) => key !== 'bad').length === 20);
  });

  it('takes what was added before it runs, and at its end waits for what has begun but begins nothing more', async () => {
    started = [];
    held = new Map();
    let ended = false;
    queue = createWorkQueue({
      concurrency: 1,
      reconcile: (key) => {
        started.push(key);
        return hold(key);
      },
    });
    queue.add('a');
    queue.add('b');
    expect(started).to.deep.equal([]);
    stop = new AbortController();
    running = queue.run(stop.signal).then(() => {
      ended = true;
    });
    await until('a', () => held.has('a'));
    stop.abort();
    queue.add('c');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).to.equal(false);
    finish('a', () => ({ requeueAfterMs: 0 }));
    await running;
    expect(started).to.deep.equal(['a']);
  });

  it('lets a key that failed wait behind what somebody changed', async () => {
    let tries = 0;
    const lanes: string[] = [];
    start(
      async () => {
        if (++tries === 1) throw new Error('no');
        return tries === 2 ? { requeueAfterMs: 1 } : undefined;
      },
      {
        observe: {
          depth: () => undefined,
          waited: (_, lane) => lanes.push(lane),
          worked: () => undefined,
          retried: () => undefined,
        },
      },
    );
    queue.add('a');
    await until('a try, another one, and the time that it asked for', () => lanes.length === 3);
    expect(lanes).to.deep.equal(['soon', 'later', 'soon']);
  });

  it('begins nothing when it is told to stop before it runs', async () => {
    start(hold);
    stop.abort();
    await running;
    queue = createWorkQueue({ reconcile: async (key) => void started.push(key) });
    queue.add('a');
    await queue.run(stop.signal);
    expect(started).to.deep.equal([]);
  });
});
