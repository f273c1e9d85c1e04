import { createCost } from './cost.ts';

/** What the queue needs to know of a job. `deadline` is in the clock's milliseconds. */
export interface Deadlined {
  deadline: number;
  abandoned?: boolean;
}

export interface QueueSettings {
  /** Jobs that may wait, whatever their deadlines. */
  capacity: number;
  maximumBatch: number;
  now: () => number;
}

export type Admission = { admitted: true } | { admitted: false; retryAfterMs: number };

export interface Taken<J> {
  run: J[];
  expired: J[];
  abandoned: J[];
}

/**
 * A bounded first-in-first-out queue that knows deadlines: a job is admitted only if, by what batches
 * cost lately, it can be answered in time, so that overload is refused at the door and not after a wait.
 * It holds no timers and starts nothing: the pool asks it.
 */
export function createQueue<J extends Deadlined>(settings: QueueSettings) {
  const { capacity, maximumBatch, now } = settings;
  let waiting: J[] = [];
  let head = 0;
  let running = 0;
  const cost = createCost();

  const size = () => waiting.length - head;

  /** Milliseconds until a job that came now, behind `coming` others that are on their way, would be answered with `workers` at work. */
  function expectedMs(workers: number, coming = 0): number {
    const ahead = size() + running + coming;
    const own = Math.min(size() + coming + 1, maximumBatch);
    const before = cost.expected(ahead, Math.ceil(ahead / maximumBatch));
    return before / Math.max(1, workers) + cost.expected(own, 1);
  }

  return {
    size,

    /** Milliseconds that one item costs by itself; 0 before the first batch. */
    costMs: () => cost.expected(1, 1),

    /**
     * Whether a job would be refused: undefined if not, else the milliseconds until it would be answered. Ahead of it
     * is what waits and runs, and `coming` others that are still being uploaded.
     */
    refusal(deadline: number, workers: number, coming = 0): number | undefined {
      const ahead = size() + coming;
      const expected = expectedMs(workers, coming);
      // Never refused when nothing is ahead of it: one slow batch (a cold start) would else keep the door shut for good,
      // as only served batches bring the mean down.
      const nothingAhead = ahead === 0 && running < workers;
      const late = !nothingAhead && now() + expected > deadline;
      return ahead >= capacity || late ? expected : undefined;
    },

    admit(job: J, workers: number): Admission {
      const retryAfterMs = this.refusal(job.deadline, workers);
      if (retryAfterMs !== undefined) return { admitted: false, retryAfterMs };
      waiting.push(job);
      return { admitted: true };
    },

    /** The oldest jobs, at most one batch: never waits for more. Those past their deadline come apart. */
    take(): Taken<J> {
      const taken: Taken<J> = { run: [], expired: [], abandoned: [] };
      const time = now();
      while (head < waiting.length && taken.run.length < maximumBatch) {
        const job = waiting[head++] as J;
        if (job.abandoned) taken.abandoned.push(job);
        else if (job.deadline <= time) taken.expired.push(job);
        else taken.run.push(job);
      }
      if (head > 1024 || head === waiting.length) {
        waiting = waiting.slice(head);
        head = 0;
      }
      running += taken.run.length;
      return taken;
    },

    /** Takes out what can no longer be answered in time, for when no worker comes to take anything. */
    expire(): J[] {
      const time = now();
      const late = waiting.slice(head).filter((job) => job.deadline <= time);
      if (late.length > 0) {
        waiting = waiting.slice(head).filter((job) => job.deadline > time);
        head = 0;
      }
      return late;
    },

    /** The earliest deadline of those who wait. */
    nextDeadline(): number | undefined {
      let next: number | undefined;
      for (let i = head; i < waiting.length; i++) {
        const { deadline } = waiting[i] as J;
        if (next === undefined || deadline < next) next = deadline;
      }
      return next;
    },

    /** A batch of `items` is done after `ms`. */
    served(items: number, ms: number): void {
      running -= items;
      cost.served(items, ms);
    },

    /** A batch is lost with its worker: it says nothing about cost. */
    lost(items: number): void {
      running -= items;
    },
  };
}
