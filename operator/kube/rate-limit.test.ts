import { expect } from 'chai';
import fc from 'fast-check';
import { createTokenBucket } from './rate-limit.ts';

describe('token bucket', () => {
  /** A clock that stands still but for what the test lets pass, and the waits that were asked for. */
  function start(qps: number, burst: number) {
    let at = 0;
    const waits: number[] = [];
    const bucket = createTokenBucket(
      { qps, burst },
      () => at,
      async (ms, signal) => {
        waits.push(ms);
        signal?.throwIfAborted();
      },
    );
    return { bucket, waits, pass: (ms: number) => (at += ms) };
  }

  it('lets a burst through at once, then one after the other', async () => {
    const { bucket, waits, pass } = start(10, 3);
    for (let i = 0; i < 5; i++) await bucket.take();
    expect(waits).to.deep.equal([100, 200]);
    pass(1_000);
    for (let i = 0; i < 3; i++) await bucket.take();
    expect(waits).to.have.length(2);
  });

  it('gives back what a request that was called off had waited for', async () => {
    const waits: number[] = [];
    const bucket = createTokenBucket(
      { qps: 10, burst: 1 },
      () => 0,
      async (ms) => {
        waits.push(ms);
        if (waits.length === 1) throw new Error('called off');
      },
    );
    await bucket.take();
    expect(await bucket.take().catch(String)).to.equal('Error: called off');
    await bucket.take();
    expect(waits).to.deep.equal([100, 100]);
  });

  it('does not let a request wait that was called off before', async () => {
    const { bucket } = start(10, 1);
    expect(await bucket.take(AbortSignal.abort(new Error('gone'))).catch(String)).to.equal(
      'Error: gone',
    );
    expect(await bucket.take()).to.equal(0);
  });

  it('never lets more through in any time than burst + qps × time', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat(500), { maxLength: 60 }),
        async (qps, burst, pauses) => {
          const { bucket, waits, pass } = start(qps, burst);
          let at = 0;
          const passed: number[] = [];
          for (const pause of pauses) {
            pass(pause);
            at += pause;
            const before = waits.length;
            await bucket.take();
            passed.push(at + (waits.length > before ? (waits.at(-1) ?? 0) : 0));
          }
          passed.forEach((from, first) => {
            passed.slice(first).forEach((until, more) => {
              expect(more + 1).to.be.at.most(burst + ((until - from) / 1000) * qps + 1e-6);
            });
          });
        },
      ),
    ));
});
