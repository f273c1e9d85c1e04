import { expect } from 'chai';
import { chaos } from './chaos.ts';
import { type Kind, kinds } from './faults.ts';

/** One life for each kind of fault: `make chaos` has one for each place. */
describe('a ModelRelease under faults', function () {
  // Lives are short; a machine that does much else at the same time is not quick to play them.
  this.timeout(2_400_000);

  it('comes to the same end whatever happens to the operator and to what it asks', async () => {
    // What has fallen silent is noticed after minutes: too long for every change of the project.
    const without: Kind[] = ['watch-silent'];
    const { rows, violations, neverStruck } = await chaos({
      ...{ seed: 1, parallel: 6, writes: 1, others: 1, without },
    });
    const words = violations.map((each) => `${each.fault} (${each.struck}): ${each.words}`);
    if (words.length > 0) expect.fail(`${words.length} violations:\n${words.join('\n')}`);
    expect(neverStruck, 'faults that struck no life').to.deep.equal([]);
    const kindsTried = rows.filter(({ kind }) => kind !== 'none').length;
    expect(kindsTried).to.equal(Object.keys(kinds).length - without.length);
  });
});
