import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { watchFaults } from './strike-watch.ts';

/** What an operator hears of lines 1, 2 and 3 when the fault strikes at the first. */
async function heard(kind: keyof typeof watchFaults, until?: string): Promise<string[]> {
  const said: string[] = [];
  const stream = {
    send: (line: string) =>
      void said.push(line.includes('ERROR') ? `ERROR ${/"code":(\d+)/.exec(line)?.[1]}` : line),
    half: (line: string) => void said.push(`half of ${line}`, 'cut'),
    cut: () => void said.push('cut'),
    end: () => void said.push('end'),
    silence: () => undefined,
  };
  const handle = watchFaults[kind]();
  for (const line of ['1', '2', '3'])
    if (!said.includes('cut') && !said.includes('end')) handle(line, stream);
  while (until !== undefined && !said.includes(until)) await sleep(10);
  return said;
}

describe('faults of a watch', () => {
  const cases: [keyof typeof watchFaults, string[]][] = [
    ['watch-held', []],
    ['watch-cut', ['cut']],
    ['watch-reordered', ['2', '1', '3']],
    ['watch-doubled', ['1', '1', '2', '3']],
    ['watch-half-a-line', ['half of 1', 'cut']],
    ['watch-410', ['ERROR 410', 'end']],
    ['watch-500', ['ERROR 500', 'end']],
    ['watch-silent', []],
    ['watch-lost-410', ['2', '3']],
  ];
  for (const [kind, expected] of cases)
    it(`${kind}: an operator hears ${expected.join(', ') || 'nothing yet'}`, async () => {
      expect(await heard(kind)).to.deep.equal(expected);
    });

  it('watch-lost-410: is told later that it missed something', async () => {
    expect(await heard('watch-lost-410', 'end')).to.deep.equal(['2', '3', 'ERROR 410', 'end']);
  }).timeout(60_000);
});
