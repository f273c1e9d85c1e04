import { expect } from 'chai';
import fc from 'fast-check';
import type { Clock } from './clock.ts';
import { createDelays } from './delays.ts';
import { ReconcileError } from './errors.ts';
import { createLanes, type Lane, turnsForLater } from './lanes.ts';
import { createWorkQueue } from './work-queue.ts';

/** A clock that the test moves on, from alarm to alarm. */
function handClock(): Clock & { pass(ms: number): void; alarms(): number } {
  let now = 0;
  const alarms = new Set<{ due: number; ring: () => void }>();
  return {
    now: () => now,
    after(ms, ring) {
      const alarm = { due: now + ms, ring };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    alarms: () => alarms.size,
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const [first] = [...alarms].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
        if (!first) break;
        alarms.delete(first);
        now = Math.max(now, first.due);
        first.ring();
      }
      now = end;
    },
  };
}

/** Long enough for every promise that can go on to have done so. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const lane = fc.constantFrom<Lane>('soon', 'later');
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key, lane }),
  fc.record({ do: fc.constant('delay' as const), key, ms: fc.nat(5_000) }),
  fc.record({
    do: fc.constant('finish' as const),
    nth: fc.nat(9),
    how: fc.constantFrom('done', 'requeue', 'transient', 'stalled', 'bug'),
  }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.nat(3_000) }),
);
const steps = fc.array(step, { maxLength: 60 });

describe('work queue, whatever happens', () => {
  it('never works on a key twice at a time, loses nothing, and comes to every key in the end', () =>
    fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (script, concurrency) => {
        const clock = handClock();
        /** Reconciles that go on, and how to end them. */
        const running = new Map<string, (how: string) => void>();
        /** Keys that are owed a turn: when they were added, or the earliest time that was asked for. */
        const owed = new Map<string, number>();
        let failed: string[] = [];
        const queue = createWorkQueue({
          concurrency,
          clock,
          random: () => 1,
          backoff: { baseDelayMs: 10, maximumDelayMs: 1_000 },
          reconcile: (name) =>
            new Promise((resolve, reject) => {
              if (running.has(name)) failed.push(`${name} twice at a time`);
              if (running.size >= concurrency) failed.push(`more than ${concurrency} at a time`);
              owed.delete(name);
              running.set(name, (how) => {
                running.delete(name);
                if (how === 'requeue') {
                  owe(name, clock.now() + 700);
                  resolve({ requeueAfterMs: 700 });
                } else if (how === 'done') resolve(undefined);
                else if (how === 'stalled') reject(new ReconcileError('Stalled', 'Bad', 'no'));
                else reject(how === 'bug' ? new Error('bug') : transient());
              });
            }),
          onError(name, _, retryInMs) {
            if (retryInMs !== undefined) owe(name, clock.now() + retryInMs);
          },
        });
        const owe = (name: string, at: number) =>
          owed.set(name, Math.min(at, owed.get(name) ?? Number.POSITIVE_INFINITY));
        const stop = new AbortController();
        const run = queue.run(stop.signal);

        for (const each of script) {
          if (each.do === 'add') {
            owe(each.key, clock.now());
            queue.add(each.key, each.lane);
          } else if (each.do === 'delay') {
            owe(each.key, clock.now() + each.ms);
            queue.addAfter(each.key, each.ms);
            // A timer of 0 ms rings, too.
            clock.pass(0);
          } else if (each.do === 'pass') clock.pass(each.ms);
          else [...running.values()][each.nth]?.(each.how);
          await settled();
          // No key whose time has come is left lying while there is a hand free for it.
          const free = running.size < concurrency;
          for (const [name, at] of owed)
            if (free && at <= clock.now() && !running.has(name))
              failed.push(`${name} was due at ${at}, and it is ${clock.now()}`);
          expect(queue.state().running).to.equal(running.size);
          expect(clock.alarms()).to.be.at.most(1);
        }
        for (let turns = 0; owed.size > 0 || running.size > 0; turns++) {
          for (const finish of running.values()) finish('done');
          await settled();
          clock.pass(6_000);
          await settled();
          if (turns > 100) failed.push(`never came to ${[...owed.keys()]}`);
          if (failed.length > 0) break;
        }
        expect(failed).to.deep.equal([]);
        expect(queue.state()).to.deep.equal({
          ready: 0,
          delayed: 0,
          running: 0,
          longestRunningSeconds: 0,
        });
        failed = [];
        stop.abort();
        await run;
        queue.add('a');
        queue.addAfter('a', 1);
        clock.pass(10);
        await settled();
        expect(running.size + clock.alarms()).to.equal(0);
      }),
      { numRuns: 150 },
    ));

  it('keeps nobody waiting for longer than those who were there before take, whoever is busy', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ key, lane }), { maxLength: 6 }),
        fc.array(fc.record({ key, lane }), { maxLength: 6 }),
        (first, busy) => {
          const lanes = createLanes();
          for (const each of first) lanes.add(each.key, each.lane, 0);
          const before = lanes.size();
          lanes.add('patient', 'later', 0);
          for (let turn = 1; ; turn++) {
            // They come back at once, every time.
            for (const each of busy) lanes.add(each.key, each.lane, 0);
            if (lanes.next()?.key === 'patient') return;
            expect(turn).to.be.at.most(turnsForLater * (before + 1));
          }
        },
      ),
    ));

  it('lets fresh keys pass by a backlog', () => {
    const lanes = createLanes();
    for (let i = 0; i < 1_000; i++) lanes.add(`old-${i}`, 'later', 0);
    for (let i = 0; i < 5; i++) lanes.next();
    for (let i = 0; i < 3; i++) lanes.add(`fresh-${i}`, 'soon', 0);
    lanes.add('old-700', 'soon', 0);
    const turns = [1, 2, 3, 4, 5].map(() => lanes.next()?.key);
    expect(turns).to.deep.equal(['fresh-0', 'fresh-1', 'fresh-2', 'old-5', 'old-700']);
  });
});

describe('delays', () => {
  it('come in order of their time, the earliest of each key, and not once removed', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(40), due: fc.nat(1_000), remove: fc.boolean() })),
        (asked) => {
          const clock = handClock();
          const came: [string, number][] = [];
          const delays = createDelays(clock, (name) => came.push([name, clock.now()]));
          const wanted = new Map<string, number>();
          for (const { key: name, due, remove } of asked) {
            if (remove) {
              delays.remove(String(name));
              wanted.delete(String(name));
            } else {
              delays.add(String(name), due);
              wanted.set(String(name), Math.min(due, wanted.get(String(name)) ?? due));
            }
            expect(delays.size()).to.equal(wanted.size);
            expect(clock.alarms()).to.equal(wanted.size > 0 ? 1 : 0);
          }
          clock.pass(2_000);
          expect(came.map(([, at]) => at)).to.deep.equal(
            [...wanted.values()].sort((a, b) => a - b),
          );
          expect(new Map(came)).to.deep.equal(wanted);
        },
      ),
    ));
});

function transient(): ReconcileError {
  return new ReconcileError('Transient', 'Busy', 'no');
}
