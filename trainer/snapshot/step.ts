import type { Step } from '../step.ts';

export const snapshotStep: Step = {
  usage: '',
  async run() {
    throw new Error('not written yet');
  },
};
