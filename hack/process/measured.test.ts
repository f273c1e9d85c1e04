import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { phasesBetween, runMeasured } from './measured.ts';

describe('a measured program', () => {
  it('is told apart by its phases, the last up to the end', () => {
    const marks = [
      { name: 'features', seconds: 1, cpuSeconds: 2 },
      { name: 'fit', seconds: 4, cpuSeconds: 7 },
    ];
    expect(phasesBetween(marks, { seconds: 10, cpuSeconds: 9 })).to.deep.equal([
      { name: 'features', seconds: 3, cpuSeconds: 5 },
      { name: 'fit', seconds: 6, cpuSeconds: 2 },
    ]);
  });

  it('gives its CPU time, its peak of memory and what it wrote', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'measured-'));
    const program = join(dir, 'program.mjs');
    // The program goes on once its word was heard: on a busy machine it would be over before.
    const begin = (phase: string) => {
      const event = JSON.stringify({ event: 'progress', step: 's', phase });
      return `console.log(${JSON.stringify(event)}); while (!existsSync('${join(dir, phase)}')) await wait(5);`;
    };
    const heard = ({ phase = '' }) => setImmediate(() => writeFileSync(join(dir, phase), ''));
    await writeFile(
      program,
      `import { existsSync } from 'node:fs';
       import { setTimeout as wait } from 'node:timers/promises';
       ${begin('one')} globalThis.held = new Uint8Array(300 * 2 ** 20).fill(1);
       ${begin('two')} for (const end = process.cpuUsage().user + 300_000; process.cpuUsage().user < end;);
       console.log('the end');`,
    );
    try {
      const { usage, phases, stdout } = await runMeasured([program], {
        env: process.env,
        onProgress: heard,
      });
      expect(usage.peakMiB).to.be.above(300);
      expect(usage.cpuSeconds).to.be.at.least(0.3);
      expect(phases.map(({ name }) => name)).to.deep.equal(['one', 'two']);
      expect(phases[1]?.cpuSeconds).to.be.at.least(0.25);
      expect(stdout.trim().split('\n').at(-1)).to.equal('the end');
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
