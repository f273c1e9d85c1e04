import { expect } from 'chai';
import { createPace } from './pace.ts';
import { createProgress } from './progress.ts';
import type { ProgressEvent } from './step.ts';

function output(isTTY = false, columns = 80) {
  let text = '';
  return {
    isTTY,
    columns,
    write: (more: string) => {
      text += more;
    },
    text: () => text,
  };
}

describe('progress', () => {
  const event = {
    step: 'train',
    epoch: 3,
    epochs: 10,
    batch: 12,
    batches: 36,
    loss: 0.5,
    etaSeconds: 9.2,
  };

  it('is a JSON line on stdout where nobody looks', () => {
    const [stdout, stderr] = [output(), output()];
    createProgress({ stdout, stderr }).show(event);
    expect(stdout.text()).to.equal(`${JSON.stringify({ event: 'progress', ...event })}\n`);
    expect(stderr.text()).to.equal('');
  });

  it('is one line on a terminal, drawn over and kept within its width', () => {
    const [stdout, stderr] = [output(), output(true, 60)];
    const progress = createProgress({ stdout, stderr });
    progress.show(event);
    progress.show(event);
    progress.end();
    progress.end();
    expect(stdout.text()).to.equal('');
    const lines = stderr.text().split('\r');
    expect(lines).to.have.length(3);
    expect(lines[1]?.replace('\x1b[K', ''))
      .to.have.length.at.most(59)
      .and.to.match(/epoch 3\/10 {2}\[###\.+\] 12\/36 {2}loss 0\.5/);
    expect(stderr.text()).to.match(/[^\n]\n$/);
  });
});

describe('pace', () => {
  it('tells at most once a second, and always the end', () => {
    const told: ProgressEvent[] = [];
    let now = 0;
    const pace = createPace(
      (event) => told.push(event),
      { step: 's', phase: 'p', total: 100 },
      () => now,
    );
    for (let i = 0; i < 100; i++) {
      now += 50;
      pace.advance();
    }
    expect(told.map((event) => event.done)).to.deep.equal([0, 20, 40, 60, 80, 100]);
    expect(told[1]).to.deep.equal({
      step: 's',
      phase: 'p',
      done: 20,
      total: 100,
      itemsPerSecond: 20,
      etaSeconds: 4,
    });
    expect(told.at(-1)?.etaSeconds).to.equal(0);
  });
});
