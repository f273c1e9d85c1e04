import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { memoryOfTree } from './tree.ts';

describe('the memory of a tree of processes', () => {
  it('is that of all of them, and nothing when they are gone', async () => {
    const program = `const held = Buffer.alloc(100 * 2 ** 20, 1);
      process.stdin.on('end', () => process.exit(held.length > 0 ? 0 : 1)).resume();`;
    const parent = `const child = require('node:child_process').spawn(process.execPath,
      ['-e', process.argv[1] + 'process.send("ready")'], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
      const mine = Buffer.alloc(100 * 2 ** 20, 1);
      child.on('message', () => console.log(mine.length)); child.on('exit', () => process.exit());`;
    const tree = spawn(process.execPath, ['-e', parent, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(tree, 'exit');
    await once(tree.stdout, 'data');
    expect(memoryOfTree(tree.pid as number)).to.be.within(200, 600);
    tree.stdin.end();
    await ended;
    expect(memoryOfTree(tree.pid as number)).to.equal(0);
  });
});
