import { expect } from 'chai';
import { startLineProgram } from './line-program.ts';

describe('a program that answers line by line', () => {
  const program = (first: string, rest = '') => [
    process.execPath,
    '-e',
    `console.log(${JSON.stringify(first)}); ${rest}`,
  ];
  const doubling = `require('node:readline').createInterface(process.stdin)
    .on('line', (line) => line === 'null' ? process.exit(3) : console.log(2 * JSON.parse(line)));`;
  const refusal = (work: Promise<unknown>) => work.catch((error: Error) => error.message);

  it('answers each question, and ends when it is not asked any more', async () => {
    const { ask, close } = await startLineProgram('it', program('ready', doubling));
    expect([await ask(2), await ask(21)]).to.deep.equal([4, 42]);
    await close();
  });

  it('tells how it ended instead of an answer', async () => {
    const { ask, kill } = await startLineProgram('it', program('ready', doubling));
    expect(await refusal(ask(null))).to.match(/^it ended with code 3/);
    await kill();
  });

  it('is killed, whatever it does', async () => {
    const { ask, kill } = await startLineProgram('it', program('ready', 'for (;;);'));
    const asked = refusal(ask(1));
    await kill();
    expect(await asked).to.match(/^it ended with SIGKILL/);
  });

  it('is missed where it is not ready', async () => {
    expect(await refusal(startLineProgram('it', program('hello')))).to.equal(
      'it begins with "hello" instead of "ready".',
    );
  });
});
