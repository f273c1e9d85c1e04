import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { end, identify, isAlive, parseStat } from './identity.ts';
import { cpuSecondsOf } from './proc.ts';

const rest = (state: string, started: number) =>
  `${state} 1 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 ${started} 1000 100 184467`;

describe('the identity of a process', () => {
  const cases = [
    { name: 'a plain name', line: `42 (etcd) ${rest('S', 777)}`, is: { pid: 42, started: 777 } },
    {
      name: 'a name with spaces and parentheses',
      line: `7 (a) S 9 (b) ${rest('R', 5)}`,
      is: { pid: 7, started: 5 },
    },
    { name: 'a zombie', line: `42 (etcd) ${rest('Z', 777)}`, is: undefined },
    { name: 'half a line', line: '42 (etcd) S 1 1', is: undefined },
    { name: 'nothing', line: '', is: undefined },
  ];
  for (const { name, line, is } of cases) {
    it(`reads ${name}`, () => expect(parseStat(line)).to.deep.equal(is));
  }

  it('is not that of a later process with the same pid', () => {
    const own = identify(process.pid);
    if (!own) throw new Error('this process has no identity');
    expect(isAlive(own)).to.equal(true);
    expect(isAlive({ ...own, started: own.started - 1 })).to.equal(false);
  });

  it('has CPU time as long as it is known', async () => {
    expect(cpuSecondsOf(process.pid)).to.be.above(0);
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    expect(cpuSecondsOf(child.pid ?? 0)).to.equal(undefined);
  });

  it('ends nothing that only has the pid', async () => {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('sleep has no identity');
    await end([{ ...identity, started: identity.started + 1 }]);
    expect(isAlive(identity)).to.equal(true);
    await end([identity]);
    expect(isAlive(identity)).to.equal(false);
  });

  it('ends one that ignores SIGTERM, after the time of grace', async () => {
    const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('the shell has no identity');
    await end([identity], 100);
    expect(isAlive(identity)).to.equal(false);
  });
});
