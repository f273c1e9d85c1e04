import { expect } from 'chai';
import { readConfig } from '../config.ts';
import { requirePrograms } from './debian.ts';

describe('programs that Debian packages', () => {
  it('are found where they are', async () => {
    const found = await requirePrograms({ sh: 'dash' }, readConfig());
    expect(found.sh).to.match(/\/sh$/);
  });

  it('are named with the command that installs them, when we may not', async () => {
    const getuid = process.getuid;
    process.getuid = () => 1000;
    try {
      const wanted = { 'no-such-program': 'package-b', 'nor-this': 'package-a', sh: 'dash' };
      const error = await requirePrograms(wanted, readConfig()).catch((caught) => caught);
      expect(error.message).to.equal(
        'This machine lacks package-a, package-b; install with: sudo apt-get install --no-install-recommends package-a package-b',
      );
    } finally {
      if (getuid) process.getuid = getuid;
    }
  });
});
