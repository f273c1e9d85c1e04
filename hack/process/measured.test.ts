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
    const event = (phase: string) =>
      `console.log(${JSON.stringify(JSON.stringify({ event: 'progress', step: 's', phase }))});`;
    await writeFile(
      program,
      `${event('one')} globalThis.held = new Uint8Array(300 * 2 ** 20).fill(1);
       ${event('two')} for (const end = process.cpuUsage().user + 300_000; process.cpuUsage().user < end;);
       console.log('the end');`,
    );
    try {
      const { usage, phases, stdout } = await runMeasured([program], { env: process.env });
      expect(usage.peakMiB).to.be.above(300);
      expect(usage.cpuSeconds).to.be.at.least(0.3);
      expect(phases.map(({ name }) => name)).to.deep.equal(['one', 'two']);
      expect(phases.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)).to.be.at.least(0.25);
      expect(stdout.trim().split('\n').at(-1)).to.equal('the end');
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
