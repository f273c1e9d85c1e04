import { expect } from 'chai';
import { mountsBelow } from './mounts.ts';

const line = (point: string) => `36 35 98:0 / ${point} rw,noatime master:1 - ext4 /dev/root rw`;

describe('mounts to remove', () => {
  it('are those at or below the folders, last mounted first', () => {
    const text = ['/', '/s', '/s/a', '/sx', '/s/a/b', '/other'].map(line).join('\n');
    expect(mountsBelow(text, ['/s'])).to.deep.equal(['/s/a/b', '/s/a', '/s']);
  });

  it('may have spaces in their names', () => {
    expect(mountsBelow(line('/my\\040state/x'), ['/my state'])).to.deep.equal(['/my state/x']);
  });

  it('are none in an empty table', () => expect(mountsBelow('', ['/s'])).to.deep.equal([]));
});
