import { randomUUID } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { ApiError, hasReason } from './api-error.ts';
import { createBootClock } from './boot-clock.ts';
import { createLeaseClient, heldForMs, holderOf, type Lease, released, takenBy } from './lease.ts';
import { microTime } from './micro-time.ts';
import type { Stored } from './object.ts';
import type { Transport } from './transport.ts';

export interface LeaderElectionOptions {
  /** Without a guard (what it says comes from here) and without retries: this is the loop that tries again. */
  transport: Pick<Transport, 'request'>;
  namespace: string;
  name: string;
  identity: Identity;
  /** Others leave the Lease alone for so long after they saw it renewed. */
  leaseDurationMs: number;
  /** So long after the last renewal was sent this process leads; less than leaseDurationMs. */
  renewDeadlineMs: number;
  /** Between renewals and between looks, give or take a tenth; a look comes sooner where a Lease runs out. */
  retryPeriodMs: number;
  /** Told of each failure to read or write the Lease; all of them are tried again. */
  onFailure?: (error: ApiError) => void;
  /** Told who leads whenever that changes; empty: nobody. */
  onLeader?: (holder: string) => void;
  time?: Time;
  random?: () => number;
}

export interface Identity {
  /** In the Lease; no other process, and no earlier one, has the same. */
  holder: string;
  /** Whether that holder has surely ended, so that nobody has to wait until its Lease runs out. */
  hasEnded: (holder: string) => boolean;
}

/** What tests let go by faster. */
export interface Time {
  /** Milliseconds; only goes forward, also while the process is stopped. */
  now: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface LeaderElection {
  /**
   * Takes part until the signal aborts, and gives the Lease back then: abort it when nothing that was begun as the leader is
   * under way any more. Rejects with LeaseLost as soon as the Lease is held no more; there is no way back from that.
   */
  run(signal: AbortSignal): Promise<void>;
  /** From now on writes nothing and leaves the Lease to run out: for who ends while something is under way. */
  abandon(): void;
  /** Fulfilled when this process begins to lead. */
  elected: Promise<void>;
  /** Whether a write sent now would be the leader's. */
  leads(): boolean;
  /** Throws LeaseLost unless this process leads at this moment: the guard of a transport. */
  guard: () => void;
  /** Whether the Lease could be read, or made, at least once. */
  hasLooked(): boolean;
}

/** Only a new start helps: what this process believes may have been undone by its successor. */
export class LeaseLost extends Error {
  constructor(lease: string, why: string) {
    super(
      `The Lease ${lease} is not held any more: ${why} This process writes nothing more; started anew, it stands by.`,
    );
    this.name = 'LeaseLost';
  }
}

/**
 * Names a process by its pod and a random number. A container that the kubelet started anew finds its predecessor's name in the
 * Lease and need not wait: the kubelet starts a container only when the one before it has ended, and a pod's UID never comes
 * again. Should that fail once (a node that forgot its containers), the random number keeps the two apart: each renewal bears
 * the resourceVersion of the one before, so the older process loses the Lease at its next renewal, as after every takeover.
 */
export function podIdentity(pod: string, uid: string | undefined): Identity {
  const own = uid === undefined ? undefined : `${pod}_${uid}_`;
  return {
    holder: `${own ?? `${pod}_`}${randomUUID()}`,
    hasEnded: (holder) => own !== undefined && holder.startsWith(own),
  };
}

/**
 * Elects one leader by a Lease, as client-go's leaderelection does, with its record and its times.
 *
 * - No two clocks are compared. Who stands by waits for the Lease's duration since *it* last saw it change; the leader leads for
 *   the shorter renewDeadlineMs since *before* it sent the last renewal that succeeded. Clocks may differ by any amount, and
 *   run at speeds that differ by less than leaseDurationMs / renewDeadlineMs.
 * - The difference of the two is also the time that a write may be under way after it was sent.
 * - Who finds no Lease and never saw one takes it at once. Delete a Lease only when nobody holds it: a process that starts in the
 *   moment after would lead beside the one before.
 * - A Lease bounds who *sends* writes, not when the API server carries them out, and not what a virtual machine does that was
 *   paused with all its clocks: every write has to bear a precondition, too.
 */
export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs } = options;
  const { time = realTime(), random = Math.random } = options;
  const client = createLeaseClient(options);
  const called = `${options.namespace}/${options.name}`;
  const elected = Promise.withResolvers<void>();
  /** Ends the sleep of run(): there is something to do. */
  let wake = new AbortController();
  /** What we hold: the Lease as we wrote it last, and when that was sent. */
  let held: { lease: Stored<Lease> | undefined; sentAt: number } | undefined;
  /** What others hold: which version of it, and until when, by our clock, we leave it alone. */
  let seen: { version: string; until: number } | undefined;
  let lost: LeaseLost | undefined;
  let abandoned = false;
  let leader: string | undefined;
  let looked = false;

  function tell(holder: string): void {
    looked = true;
    if (holder === leader) return;
    leader = holder;
    options.onLeader?.(holder);
  }

  function lose(why: string): LeaseLost {
    lost ??= new LeaseLost(called, why);
    held = undefined;
    wake.abort();
    return lost;
  }

  /** Throws unless this process leads at this moment. */
  function guard(): void {
    if (lost) throw lost;
    if (!held) throw new LeaseLost(called, `this process (${identity.holder}) does not lead.`);
    const age = time.now() - held.sentAt;
    if (age < renewDeadlineMs) return;
    const since = `it was last renewed ${Math.round(age / 1000)} s ago`;
    throw lose(`${since}, and after ${leaseDurationMs / 1000} s others may take it.`);
  }

  /** A request that hangs must leave time for another one. */
  async function soon<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const left = held ? held.sentAt + renewDeadlineMs - time.now() : renewDeadlineMs;
    const limit = new AbortController();
    const done = new AbortController();
    const ms = Math.max(0, Math.min(left, (renewDeadlineMs - retryPeriodMs) / 2));
    void time.sleep(ms, done.signal).then(() => done.signal.aborted || limit.abort(tooSlow(ms)));
    try {
      return await request(limit.signal);
    } finally {
      done.abort();
    }
  }

  async function take(before: Stored<Lease> | undefined): Promise<void> {
    const sentAt = time.now();
    const spec = takenBy(identity.holder, leaseDurationMs, before, new Date());
    const write = before
      ? (signal: AbortSignal) => client.replace(before, spec, signal)
      : (signal: AbortSignal) => client.create(spec, signal);
    const lease = await soon(write);
    // Ours, but too late to lead by: renewed at the next look.
    if (abandoned || time.now() - sentAt >= renewDeadlineMs) return;
    held = { lease, sentAt };
    tell(identity.holder);
    elected.resolve();
  }

  /** Looks who leads; takes the Lease when nobody does. */
  async function look(): Promise<void> {
    const lease = await soon(client.read);
    if (!lease) {
      // Perhaps somebody deleted it. Who held it leads on for as long as he may, and makes a new one if he can.
      if (seen && time.now() < seen.until) return;
      return take(undefined);
    }
    const version = lease.metadata.resourceVersion;
    // After the answer, not before the question: later is on the safe side here. So is the version, which any edit changes, and
    // not the renewTime alone, which a clock that was set back may repeat.
    if (seen?.version !== version) seen = { version, until: time.now() + heldForMs(lease) };
    const holder = holderOf(lease);
    tell(holder);
    const free =
      holder === identity.holder || identity.hasEnded(holder) || time.now() >= seen.until;
    if (free) await take(lease);
  }

  async function renew({ lease }: { lease: Stored<Lease> | undefined }): Promise<void> {
    // Somebody deleted it. Ours it is for as long as it would have been; who was quicker holds the new one.
    if (!lease) return take(undefined);
    const sentAt = time.now();
    const spec = { ...lease.spec, renewTime: microTime(new Date()) };
    const renewed = await soon((signal) => client.replace(lease, spec, signal));
    if (!lost && !abandoned) held = { lease: renewed, sentAt };
  }

  /** A renewal was refused: the Lease is another's, or ours by a renewal whose answer was lost, or edited, or deleted. */
  async function lookAgain(): Promise<void> {
    const lease = await soon(client.read);
    if (lease && holderOf(lease) !== identity.holder) {
      const holder = holderOf(lease);
      throw lose(holder === '' ? 'somebody released it.' : `${holder} holds it.`);
    }
    if (!held) return;
    held = { lease, sentAt: held.sentAt };
    await renew(held);
  }

  async function attempt(): Promise<void> {
    if (!held) return look();
    try {
      await renew(held);
    } catch (error) {
      if (!hasReason(error, 'Conflict', 'AlreadyExists', 'NotFound')) throw error;
      await lookAgain();
    }
  }

  async function release({ lease }: { lease: Stored<Lease> }): Promise<void> {
    try {
      await soon((signal) => client.replace(lease, released(new Date()), signal));
      tell('');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Nobody is harmed: it runs out.
      options.onFailure?.(error);
    }
  }

  async function rest(signal: AbortSignal): Promise<void> {
    const period = retryPeriodMs * (0.9 + random() * 0.2);
    // Not past the end of what we hold, nor of what another held: that is when there is something to do.
    const end = held ? held.sentAt + renewDeadlineMs : seen?.until;
    const left = end === undefined ? period : end - time.now();
    const wait = held || left > 0 ? Math.max(0, Math.min(period, left)) : period;
    wake = new AbortController();
    if (!lost && !abandoned && !signal.aborted) await time.sleep(wait, wake.signal);
  }

  return {
    async run(signal) {
      signal.addEventListener('abort', () => wake.abort(), { once: true });
      while (!signal.aborted && !abandoned) {
        try {
          // Before each try: a renewal that came back after a minute of standstill must not revive what ended.
          if (held) guard();
          await attempt();
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          options.onFailure?.(error);
        }
        if (lost) throw lost;
        await rest(signal);
        if (lost) throw lost;
      }
      const last = held;
      // From here on nothing is written, whether the API server hears of it or not.
      held = undefined;
      if (last?.lease) await release({ lease: last.lease });
    },
    abandon() {
      abandoned = true;
      held = undefined;
      wake.abort();
    },
    elected: elected.promise,
    leads: () => held !== undefined && time.now() - held.sentAt < renewDeadlineMs,
    guard,
    hasLooked: () => looked,
  };
}

function realTime(): Time {
  return {
    now: createBootClock(),
    sleep: (ms, signal) => sleepFor(ms, undefined, { signal }).catch(() => undefined),
  };
}

function tooSlow(ms: number): Error {
  return new Error(`no answer within ${Math.round(ms)} ms`);
}
