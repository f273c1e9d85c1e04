import { expect } from 'chai';
import { createLoginLimit } from './login-limit.ts';
import { createWindow } from './window.ts';

describe('the limit of logins', () => {
  let time = 1_000_000;
  const limits = { perNameAndAddress: 2, perAddress: 4, perName: 6 };
  const fresh = () => createLoginLimit(limits, () => time);
  type Limit = ReturnType<typeof fresh>;
  const refused = (limit: Limit, name: string, address: string) => {
    try {
      limit.attempt(name, address);
      return false;
    } catch {
      return true;
    }
  };
  const tries = (limit: Limit, name: string, address: string, times: number) =>
    Array.from({ length: times }, () => refused(limit, name, address)).filter((each) => each)
      .length;

  it('is of a name from an address, and over after a minute', () => {
    const limit = fresh();
    expect(tries(limit, 'ada', 'a', 4)).to.equal(2);
    expect(refused(limit, 'ada', 'b')).to.equal(false);
    time += 60_000;
    expect(refused(limit, 'ada', 'a')).to.equal(false);
  });

  it('is of an address, whatever the names, which then waits at the door', () => {
    const limit = fresh();
    for (const name of ['a', 'b', 'c', 'd']) expect(refused(limit, name, 'x')).to.equal(false);
    expect(limit.waitOf('x')).to.equal(60_000);
    expect(refused(limit, 'e', 'x')).to.equal(true);
    expect([limit.waitOf('y'), refused(limit, 'e', 'y')]).to.deep.equal([0, false]);
  });

  it('is of a name from strange addresses, and keeps nobody out who came from theirs before', () => {
    const limit = fresh();
    limit.attempt('ada', 'home');
    limit.succeeded('ada', 'home');
    for (let i = 0; i < 6; i++) expect(refused(limit, 'ada', `s${i}`)).to.equal(false);
    expect(refused(limit, 'ada', 's6')).to.equal(true);
    expect(refused(limit, 'ada', 'home')).to.equal(false);
    expect(refused(limit, 'bob', 's6')).to.equal(false);
  });

  it('counts neither what succeeded nor what nobody could judge', () => {
    const limit = fresh();
    for (let i = 0; i < 20; i++) {
      limit.attempt('ada', 'a');
      if (i % 2 === 0) limit.succeeded('ada', 'a');
      else limit.unjudged('ada', 'a');
    }
    expect(refused(limit, 'ada', 'a')).to.equal(false);
  });

  it('counts for the address alone what was crowded out by others', () => {
    const limit = fresh();
    for (let i = 0; i < 4; i++) {
      limit.attempt('ada', 'a');
      limit.crowdedOut('ada', 'a');
    }
    expect([refused(limit, 'ada', 'a'), limit.waitOf('a') > 0]).to.deep.equal([true, true]);
    expect(refused(limit, 'ada', 'b')).to.equal(false);
  });

  it('takes a bounded part of memory, whatever is sent', () => {
    const window = createWindow(1, 60_000, () => time, 100);
    for (let i = 0; i < 1_000; i++) window.take(`k${i}`);
    expect(window.size()).to.be.at.most(100);
    expect(window.take('k999')).to.be.greaterThan(0);
    time += 60_000;
    window.take('new');
    expect(window.size()).to.equal(1);
  });
});
