import type { Step } from '../step.ts';

export const importStep: Step = {
  usage: '',
  async run() {
    throw new Error('not written yet');
  },
};
