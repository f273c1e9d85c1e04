import { expect } from 'chai';
import { createBootClock } from './boot-clock.ts';

describe('the clock that counts the sleep of the machine', () => {
  it('goes with the finer clock while both run, and jumps when only one went on', () => {
    let monotonic = 1_000;
    let sinceBoot = 500_000;
    const clock = createBootClock(
      () => monotonic,
      () => sinceBoot,
    );
    const start = clock();
    monotonic += 7;
    expect(clock() - start).to.equal(7);
    sinceBoot += 10;
    monotonic += 3;
    expect(clock() - start).to.equal(10);
    // A minute in which the machine was suspended.
    sinceBoot += 60_000;
    expect(clock() - start).to.equal(60_010);
    monotonic += 5;
    sinceBoot += 5;
    expect(clock() - start).to.equal(60_015);
  });

  it('runs with the real ones', () => {
    const clock = createBootClock();
    const start = clock();
    while (clock() - start < 20) {
      // Until it moved.
    }
    expect(clock() - start).to.be.at.least(20);
  });
});
