import { expect } from 'chai';
import { CommandFailed, lastJson, lastLines, run } from './run.ts';

describe('running a command', () => {
  it('gives what it wrote, and takes input', async () => {
    expect(await run('cat', [], { input: 'é\n' })).to.equal('é\n');
  });

  it('throws its exit code and its last words', async () => {
    const error = await run('sh', ['-c', 'echo why >&2; exit 3']).catch((caught) => caught);
    expect(error).to.be.instanceOf(CommandFailed);
    expect(error.code).to.equal(3);
    expect(error.message).to.equal('sh -c echo why >&2; exit 3 ended with exit code 3:\nwhy');
  });

  it('names the signal that ended it', async () => {
    const error = await run('sh', ['-c', 'kill -9 $$']).catch((caught) => caught);
    expect(error.message).to.include('SIGKILL');
  });

  it('says that a program is not there', async () => {
    const error = await run('no-such-program', []).catch((caught) => caught);
    expect(error.message).to.match(/^no-such-program does not start/);
  });

  it('shows lines whole, however they arrive', async () => {
    const lines: string[] = [];
    await run('sh', ['-c', 'printf "a"; sleep 0.05; printf "b\\nc\\n"'], {
      onLine: (line) => lines.push(line),
      lines: 'both',
    });
    expect(lines).to.deep.equal(['ab', 'c']);
  });

  it('keeps the last lines that say something', () => {
    expect(lastLines('a\n\nb\n \nc\n', 2)).to.equal('b\nc');
  });

  it('takes the last of them as an answer in JSON, and nothing for none', () => {
    expect(lastJson('begun\n{"a":1}\n\n')).to.deep.equal({ a: 1 });
    expect(() => lastJson('\n')).to.throw(SyntaxError);
  });
});
