import { expect } from 'chai';
import { imageFlags } from './image-flags.ts';

describe('the flags of the operator’s image', () => {
  it('are sizes that fit the chart’s limit', async () => {
    const flags = await imageFlags();
    expect(flags).to.have.length(2);
    for (const flag of flags) expect(flag).to.match(/^--max-(semi|old)-space-size=\d+$/);
  });
});
