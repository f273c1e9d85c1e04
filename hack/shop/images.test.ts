import { expect } from 'chai';
import { partsOf } from './images.ts';

describe('the parts of an image reference', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const { reference, parts } of [
    {
      reference: `127.0.0.1:5000/shelfwise/operator@${digest}`,
      parts: { repository: '127.0.0.1:5000/shelfwise/operator', digest },
    },
    {
      reference: 'shelfwise/operator:0123',
      parts: { repository: 'shelfwise/operator', tag: '0123' },
    },
  ])
    it(reference, () => expect(partsOf(reference)).to.deep.equal(parts));

  it('a port is not a tag', () => {
    expect(() => partsOf('127.0.0.1:5000/shelfwise/operator')).to.throw('neither a tag');
  });
});
