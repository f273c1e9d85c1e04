import { PictureError } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import sharp from 'sharp';
import { startPicturePool } from './pool.ts';

const task = { kind: 'pixels', size: 8 } as const;
/** A worker that does as the picture says. */
const program = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ picture }) => {
      if (!picture) return parentPort.close();
      if (picture[0] === 1) process.exit(7);
      if (picture[0] === 2) throw new Error('out of ideas');
      setTimeout(() => parentPort.postMessage({ kind: 'record', record: picture }), 10);
    });
    parentPort.postMessage({ kind: 'ready' });
  `)}`,
);

describe('the workers for pictures', () => {
  const failures: [string, number, string][] = [
    ['ends', 1, 'it ended with code 7'],
    ['throws', 2, 'out of ideas'],
  ];
  for (const [what, first, why] of failures)
    it(`say so when one of them ${what}, to all who wait and to who comes then`, async () => {
      const pool = await startPicturePool({ task, workers: 1, program });
      const waiting = [0, first, 0, 0].map((byte) => pool.run(Uint8Array.of(byte)));
      const [fine, ...others] = await Promise.allSettled(waiting);
      expect(fine?.status).to.be.oneOf(['fulfilled', 'rejected']);
      for (const each of others) {
        const { reason } = each as PromiseRejectedResult;
        expect(reason?.message).to.contain('A worker for pictures was lost').and.to.contain(why);
      }
      const late = await pool.run(Uint8Array.of(0)).catch((error: Error) => error.message);
      expect(late).to.contain(why);
      await pool.close();
    });

  it('say so when they cannot be started', async () => {
    const broken = new URL('data:text/javascript,throw new Error("no such library")');
    const error = await startPicturePool({ task, workers: 2, program: broken }).catch((e) => e);
    expect(error.message).to.contain('no such library');
  });

  it('go on after a picture that is none', async () => {
    const pool = await startPicturePool({ task, workers: 1 });
    const create = { width: 4, height: 4, channels: 3, background: 'red' } as const;
    const picture = await sharp({ create }).png().toBuffer();
    const [bad, good] = await Promise.allSettled([
      pool.run(Buffer.from('GIF89a')),
      pool.run(picture),
    ]);
    expect((bad as PromiseRejectedResult).reason).to.be.instanceOf(PictureError);
    const record = (good as PromiseFulfilledResult<Uint8Array>).value;
    expect([...record.subarray(0, 3)]).to.deep.equal([255, 0, 0]);
    await pool.close();
  });

  it('leave the caller its picture, which may be a part of something larger', async () => {
    const pool = await startPicturePool({ task, workers: 1, program });
    const larger = Uint8Array.of(9, 8, 7, 6);
    expect(await pool.run(larger.subarray(1, 3))).to.deep.equal(Uint8Array.of(8, 7));
    expect([...larger]).to.deep.equal([9, 8, 7, 6]);
    await pool.close();
  });

  it('are stopped with work in hand: who waits learns it', async () => {
    const pool = await startPicturePool({ task, workers: 1, program });
    const waiting = [0, 0, 0].map((byte) => pool.run(Uint8Array.of(byte)));
    const settled = Promise.allSettled(waiting);
    await pool.close();
    for (const each of await settled)
      expect((each as PromiseRejectedResult).reason?.message).to.contain('being stopped');
  });
});
