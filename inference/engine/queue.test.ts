import { expect } from 'chai';
import fc from 'fast-check';
import { createQueue, type Deadlined } from './queue.ts';

interface Job extends Deadlined {
  name: string;
}

function queueAt(start = 0, capacity = 100, maximumBatch = 8) {
  const clock = { time: start };
  return { clock, queue: createQueue<Job>({ capacity, maximumBatch, now: () => clock.time }) };
}

const job = (name: string, deadline = Number.POSITIVE_INFINITY): Job => ({ name, deadline });
const names = (jobs: Job[]) => jobs.map(({ name }) => name).join('');

/** Teaches the queue that an item costs `ms`. */
function teach(queue: ReturnType<typeof queueAt>['queue'], ms: number) {
  queue.admit(job('-'), 1);
  queue.take();
  queue.served(1, ms);
}

describe('engine queue', () => {
  it('gives out the oldest first, at most a batch, without waiting for more', () => {
    const { queue } = queueAt(0, 100, 3);
    for (const name of 'abcde') queue.admit(job(name), 1);
    expect(names(queue.take().run)).to.equal('abc');
    expect(names(queue.take().run)).to.equal('de');
    expect(names(queue.take().run)).to.equal('');
  });

  it('refuses what is past its capacity', () => {
    const { queue } = queueAt(0, 2);
    const answers = [...'abc'].map((name) => queue.admit(job(name), 1).admitted);
    expect(answers).to.deep.equal([true, true, false]);
  });

  it('refuses at once what could not be answered in time, and says after how long to come back', () => {
    const { queue } = queueAt();
    teach(queue, 10);
    const admitted: boolean[] = [];
    // Item n has n items ahead (10 ms each) and shares a batch with up to 8: 10·(n + min(n + 1, 8)) ≤ 100.
    for (let n = 0; n < 8; n++) admitted.push(queue.admit(job(`${n}`, 100), 1).admitted);
    expect(admitted).to.deep.equal([true, true, true, true, true, false, false, false]);
    expect(queue.admit(job('x', 100), 1)).to.deep.equal({ admitted: false, retryAfterMs: 110 });
  });

  it('counts what is on its way as if it were there, when it is asked at the door', () => {
    const { queue } = queueAt();
    teach(queue, 10);
    const refused = [0, 4, 5, 99, 100].map((coming) => queue.refusal(100, 1, coming));
    expect(refused).to.deep.equal([undefined, undefined, 110, 1070, 1080]);
    expect(queue.refusal(Number.POSITIVE_INFINITY, 1, 99)).to.equal(undefined);
    expect(queue.refusal(Number.POSITIVE_INFINITY, 1, 100), 'beyond its capacity').to.equal(1080);
  });

  it('expects a shorter wait where more workers are at work', () => {
    const { queue } = queueAt();
    teach(queue, 10);
    for (let n = 0; n < 5; n++) queue.admit(job(`${n}`), 2);
    expect(queue.admit(job('x', 100), 1).admitted).to.equal(false);
    expect(queue.admit(job('x', 100), 2).admitted).to.equal(true);
  });

  it('admits with nothing ahead even when the last batch took longer than any deadline', () => {
    const { queue } = queueAt();
    teach(queue, 60_000);
    expect(queue.admit(job('a', 100), 1).admitted).to.equal(true);
    expect(queue.admit(job('b', 100), 1).admitted).to.equal(false);
  });

  it('does not run what is late or abandoned, and fills the batch with others', () => {
    const { clock, queue } = queueAt(0, 100, 2);
    const gone = job('gone');
    for (const one of [job('late', 5), gone, job('a'), job('b'), job('c')]) queue.admit(one, 1);
    gone.abandoned = true;
    clock.time = 5;
    const taken = queue.take();
    expect([names(taken.run), names(taken.expired), names(taken.abandoned)]).to.deep.equal([
      'ab',
      'late',
      'gone',
    ]);
  });

  it('expires the late ones while no worker is free', () => {
    const { clock, queue } = queueAt();
    for (const one of [job('a', 30), job('b', 10), job('c', 20)]) queue.admit(one, 1);
    expect(queue.nextDeadline()).to.equal(10);
    clock.time = 20;
    expect(names(queue.expire())).to.equal('bc');
    expect(queue.size()).to.equal(1);
    expect(queue.nextDeadline()).to.equal(30);
  });

  it('keeps a running mean of the cost and does not learn from lost batches', () => {
    const { queue } = queueAt();
    teach(queue, 10);
    queue.admit(job('a'), 1);
    queue.take();
    queue.served(1, 20);
    expect(queue.costMs()).to.be.closeTo(11, 1e-9);
    queue.admit(job('b'), 1);
    queue.take();
    queue.lost(1);
    expect(queue.costMs()).to.be.closeTo(11, 1e-9);
  });

  it('is not shut by one batch that took long, and soon learns of slowness that lasts', () => {
    const { queue } = queueAt();
    teach(queue, 10);
    teach(queue, 60_000);
    expect(queue.costMs()).to.be.closeTo(13, 1e-9);
    for (let batch = 0; batch < 40; batch++) teach(queue, 1_000);
    expect(queue.costMs()).to.be.within(900, 1_000);
  });

  it('learns a cost after one that could not be measured', () => {
    const { queue } = queueAt();
    teach(queue, 0);
    for (let batch = 0; batch < 50; batch++) teach(queue, 10);
    expect(queue.costMs()).to.be.within(9, 10);
  });

  it('loses and doubles nothing, whatever the order of calls', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('admit' as const), wait: fc.integer({ min: 0, max: 50 }) }),
      fc.record({
        kind: fc.constantFrom('take' as const, 'expire' as const),
        wait: fc.constant(0),
      }),
      fc.record({ kind: fc.constant('sleep' as const), wait: fc.integer({ min: 0, max: 20 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3000 }), (steps) => {
        const { clock, queue } = queueAt(0, 20, 4);
        const came: string[] = [];
        const left: string[] = [];
        steps.forEach(({ kind, wait }, i) => {
          if (kind === 'sleep') clock.time += wait;
          else if (kind === 'admit') {
            if (queue.admit(job(`${i}`, clock.time + wait), 1).admitted) came.push(`${i}`);
          } else if (kind === 'expire') left.push(...queue.expire().map((j) => j.name));
          else {
            const { run, expired } = queue.take();
            left.push(...run.map((j) => j.name), ...expired.map((j) => j.name));
            if (run.length > 0) queue.served(run.length, 1);
          }
        });
        while (queue.size() > 0) {
          const { run, expired } = queue.take();
          left.push(...run.map((j) => j.name), ...expired.map((j) => j.name));
        }
        expect([...left].sort()).to.deep.equal([...came].sort());
      }),
      { numRuns: 30 },
    );
  });
});
