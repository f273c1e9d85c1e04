import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { hasEnded } from './ended.ts';

describe('the end of a child', () => {
  const start = () => spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  const cases: [string, (child: ReturnType<typeof start>) => void][] = [
    ['is its own exit', (child) => child.stdin.end()],
    ['is that by a signal, too', (child) => child.kill('SIGKILL')],
  ];
  for (const [name, finish] of cases)
    it(name, async () => {
      const child = start();
      expect(hasEnded(child)).to.equal(false);
      const ended = once(child, 'exit');
      finish(child);
      await ended;
      expect(hasEnded(child)).to.equal(true);
    });
});
