import { expect } from 'chai';
import { withSection } from './page.ts';

const text = `# Title

<!-- bench-x: written by the command -->
old
<!-- end of bench-x -->

After.
`;

describe('the page of figures', () => {
  it('takes what a command found in the place of what it found before, and nothing else', () => {
    const once = withSection(text, 'bench-x', 'new\n');
    expect(once).to.equal(text.replace('\nold\n', '\n\nnew\n\n'));
    expect(withSection(once, 'bench-x', 'new')).to.equal(once);
  });

  it('refuses figures that it keeps no place for', () => {
    expect(() => withSection(text, 'bench-y', 'new')).to.throw(/no place for bench-y/);
  });
});
