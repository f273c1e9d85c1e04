import { expect } from 'chai';
import { createPasswords, PasswordsBusyError } from './passwords.ts';

describe('passwords', () => {
  it('are known again by their hash, which differs each time', async () => {
    const passwords = await createPasswords();
    const [one, other] = [
      await passwords.hash('open sesame!'),
      await passwords.hash('open sesame!'),
    ];
    expect(one).to.not.equal(other);
    expect(await passwords.verify(one, 'open sesame!')).to.equal(true);
    expect(await passwords.verify(one, 'open sesame?')).to.equal(false);
  });

  it('are wrong for a user that does not exist, whatever they are', async () => {
    const passwords = await createPasswords();
    for (const guess of ['', 'x', 'nobody has this password']) {
      expect(await passwords.verify(undefined, guess)).to.equal(false);
    }
  });

  it('are refused when too many wait, and taken again later', async () => {
    const passwords = await createPasswords({ mostWaiting: 3 });
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => passwords.verify(undefined, 'x')),
    );
    const refused = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason] : [],
    );
    expect(refused).to.have.length(5);
    for (const reason of refused) expect(reason).to.be.instanceOf(PasswordsBusyError);
    expect(await passwords.verify(undefined, 'x')).to.equal(false);
    await passwords.close();
  });

  it('come at a bounded pace once there were many', async () => {
    const start = performance.now();
    const passwords = await createPasswords({ burst: 3, perSecond: 20 });
    for (let i = 0; i < 5; i++) await passwords.verify(undefined, 'x');
    // Of six, with the one that made the hash of nobody, three come from the bucket, and three as it fills.
    expect(performance.now() - start).to.be.greaterThan(140);
    await passwords.close();
  });

  it('of which one has a hash that is none fail alone', async () => {
    const passwords = await createPasswords();
    const error = await passwords.verify('no hash', 'x').catch((reason: unknown) => reason);
    expect(String(error)).to.contain('could not be checked');
    expect(await passwords.verify(undefined, 'x')).to.equal(false);
    await passwords.close();
  });
});
