/**
 * For tests: processes that elect a leader by one Lease, in a world whose time is played. Requests take their time, get lost or
 * are answered with errors; processes stand still; clocks differ and run at different speeds. Nothing real passes, so that a
 * day of it takes a second, and a seed gives the same day again.
 */
import { ApiError } from './api-error.ts';
import {
  createLeaderElection,
  type Identity,
  type LeaderElection,
  type LeaderElectionOptions,
  podIdentity,
} from './leader-election.ts';
import type { Lease } from './lease.ts';
import type { Stored } from './object.ts';
import { requestInfo } from './request-info.ts';
import type { ApiRequest, Transport } from './transport.ts';

export type Fate = 'answered' | 'refused' | 'lost' | 'answer lost' | 'hangs';

export interface World {
  now: () => number;
  /** The Lease as it is on the server; tests may edit it. */
  lease: Stored<Lease> | undefined;
  /** Writes of the Lease that the server took: who, and when. */
  writes: { holder: string; at: number }[];
  process(options?: ProcessOptions): WorldProcess;
  /** Lets so much time pass; `look` is called at every instant at which something happens. */
  pass(ms: number, look?: () => void): Promise<void>;
  at(when: number, what: () => void): void;
}

export interface ProcessOptions extends Partial<LeaderElectionOptions> {
  pod?: string;
  uid?: string;
  /** Its seconds for each of the world's. */
  clockSpeed?: number;
  clockOffset?: number;
  /** What becomes of its next request, and after how long it arrives and is answered. */
  fate?: () => { fate: Fate; there: number; back: number };
}

export interface WorldProcess {
  election: LeaderElection;
  holder: string;
  /** Why it ended, once it has. */
  ended: { why: unknown } | undefined;
  failures: string[];
  /** Not standing still, and would write if it were asked to. */
  writes(): boolean;
  /** SIGSTOP until then. */
  standStillUntil(when: number): void;
  /** SIGTERM: gives the Lease back. */
  stop(): void;
  /** SIGKILL: is heard of no more. */
  kill(): void;
}

export const times = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

export function createWorld(): World {
  let now = 0;
  let version = 1;
  let events: { at: number; what: () => void }[] = [];

  const at = (when: number, what: () => void) =>
    void events.push({ at: Math.max(when, now), what });

  const world: World = {
    now: () => now,
    lease: undefined,
    writes: [],
    at,
    async pass(ms, look = () => undefined) {
      const end = now + ms;
      await microtasks();
      for (;;) {
        look();
        const next = events.reduce((a, b) => (b.at < a.at ? b : a), {
          at: end,
          what: () => undefined,
        });
        now = next.at;
        if (!events.includes(next)) return;
        events = events.filter((event) => event !== next);
        next.what();
        await microtasks();
      }
    },
    process: (options = {}) => startProcess(options, world, answer),
  };

  function answer({ method, path, body }: ApiRequest): unknown {
    const no = (status: number, reason: string) =>
      new ApiError({ ...requestInfo(method, path), status, reason, message: 'no.' });
    if (method === 'GET') {
      if (world.lease) return structuredClone(world.lease);
      throw no(404, 'NotFound');
    }
    const asked = body as Stored<Lease>;
    if (method === 'POST' && world.lease) throw no(409, 'AlreadyExists');
    if (method === 'PUT' && !world.lease) throw no(404, 'NotFound');
    if (
      method === 'PUT' &&
      asked.metadata.resourceVersion !== world.lease?.metadata.resourceVersion
    )
      throw no(409, 'Conflict');
    const metadata = { ...asked.metadata, resourceVersion: String(++version) };
    world.lease = structuredClone({ ...asked, metadata });
    world.writes.push({ holder: asked.spec?.holderIdentity ?? '', at: now });
    return structuredClone(world.lease);
  }
  return world;
}

/** Everything that follows without time passing. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}

function startProcess(
  options: ProcessOptions,
  world: World,
  answer: (request: ApiRequest) => unknown,
): WorldProcess {
  const { pod = 'a', uid, clockSpeed = 1, clockOffset = 0, ...rest } = options;
  const { fate = () => ({ fate: 'answered' as const, there: 5, back: 5 }) } = options;
  const identity: Identity = podIdentity(pod, uid);
  const stopped = new AbortController();
  let still = 0;
  let dead = false;

  /** What wakes a process that stands still waits for it. */
  const wake = (what: () => void): void => {
    if (dead) return;
    if (world.now() < still) world.at(still, () => wake(what));
    else what();
  };
  const later = (ms: number, what: () => void) => world.at(world.now() + ms, () => wake(what));

  const request: Transport['request'] = (asked) =>
    new Promise((resolve, reject) => {
      const { fate: what, there, back } = fate();
      const unanswered = () =>
        new ApiError({
          ...requestInfo(asked.method, asked.path),
          status: 0,
          reason: 'Unreachable',
          message: 'no answer.',
        });
      asked.signal?.addEventListener('abort', () => reject(unanswered()));
      if (what === 'hangs') return;
      world.at(world.now() + there, () => {
        let outcome: () => void = () => reject(unanswered());
        if (what === 'answered' || what === 'answer lost') {
          try {
            const given = answer(asked);
            if (what === 'answered') outcome = () => resolve(given as never);
          } catch (error) {
            outcome = () => reject(error);
          }
        }
        later(back, outcome);
      });
    });

  const failures: string[] = [];
  const election = createLeaderElection({
    ...times,
    namespace: 'system',
    name: 'operator',
    identity,
    transport: { request },
    onFailure: (error) => failures.push(error.message),
    time: {
      now: () => clockOffset + world.now() * clockSpeed,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
          later(ms / clockSpeed, resolve);
        }),
    },
    random: () => 0.5,
    ...rest,
  });
  const self: WorldProcess = {
    election,
    holder: identity.holder,
    ended: undefined,
    failures,
    writes: () => !dead && !self.ended && world.now() >= still && election.leads(),
    standStillUntil: (when) => {
      still = when;
    },
    stop: () => stopped.abort(),
    kill: () => {
      dead = true;
    },
  };
  election.run(stopped.signal).then(
    () => {
      self.ended = { why: undefined };
    },
    (why) => {
      self.ended = { why };
    },
  );
  return self;
}
