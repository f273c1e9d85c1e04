import type { Step } from '../step.ts';

export const trainStep: Step = {
  usage: '',
  async run() {
    throw new Error('not written yet');
  },
};
