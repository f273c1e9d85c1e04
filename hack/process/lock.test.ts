import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { withLock } from './lock.ts';

describe('a lock between processes', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('lets one in at a time', async () => {
    const file = join(folder, 'below', 'a.lock');
    let inside = 0;
    let most = 0;
    const enter = () =>
      withLock(file, ignored, async () => {
        most = Math.max(most, ++inside);
        for (let i = 0; i < 20; i++) await turn();
        inside--;
      });
    await Promise.all([enter(), enter(), enter()]);
    expect(most).to.equal(1);
  });

  it('is free again after the work has failed', async () => {
    const file = join(folder, 'b.lock');
    const failed = await withLock(file, ignored, () => Promise.reject(new Error('no'))).catch(
      (error) => error,
    );
    expect(failed.message).to.equal('no');
    expect(await withLock(file, ignored, async () => 'in')).to.equal('in');
  });
});

function ignored(): undefined {
  return undefined;
}
