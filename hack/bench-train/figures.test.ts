import { expect } from 'chai';
import { isMet } from '../figures/report.ts';
import type { Measured } from '../process/measured.ts';
import { figuresOf as memoryFigures } from './memory.ts';
import type { Round } from './rounds.ts';
import { figuresOf as stepFigures } from './steps.ts';

const round = (seconds: number, loss = 5): Round => ({ seconds, cpuSeconds: 2 * seconds, loss });
const met = (figures: ReturnType<typeof stepFigures>) =>
  Object.fromEntries(figures.map((figure) => [figure.name, isMet(figure)]));

const model = { name: 'conv-fusion', id: 'convFusion', size: 128 };

describe('the figures of bench-train', () => {
  it('hold a step to the time of Keras, and to the same loss', () => {
    const keras = [round(2), round(2.2), round(9)];
    const faster = new Map([
      ['tfjs', [round(1), round(1), round(30)]],
      ['keras', keras],
    ]);
    expect(met(stepFigures(model, faster, 40))).to.include({
      convFusionKerasTime: true,
      convFusionKerasSameLoss: true,
    });
    const slower = new Map([
      ['tfjs', [round(3, 5.1), round(3), round(3)]],
      ['keras', keras],
    ]);
    expect(met(stepFigures(model, slower, 40))).to.include({
      convFusionKerasTime: false,
      convFusionKerasSameLoss: false,
    });
  });

  it('hold the peak of memory to that of a small catalogue', () => {
    const took = (peakMiB: number): Measured => ({
      usage: { seconds: 1, cpuSeconds: 1, peakMiB },
      phases: [],
      stdout: '',
    });
    const figures = memoryFigures([
      [5000, { snapshot: took(100), train: took(400) }],
      [85000, { snapshot: took(131), train: took(500) }],
    ]);
    expect(met(figures)).to.include({ snapshotGrowth: false, trainGrowth: true });
  });
});
