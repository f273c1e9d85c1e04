import type { Caller, Role } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { Problem } from '../http/problems.ts';
import { type Access, authorise } from './authorise.ts';

const caller = (...roles: Role[]): Caller => ({ kind: 'account', id: 'id-1', name: 'ada', roles });

const cases: [caller: Caller | undefined, access: Access, status: number][] = [
  [undefined, 'public', 200],
  [caller(), 'public', 200],
  [undefined, ['predict'], 401],
  [caller(), ['predict'], 403],
  [caller('predict'), ['predict'], 200],
  [caller('predict'), ['catalogue'], 403],
  [caller('predict'), ['admin'], 403],
  [caller('predict'), ['catalogue', 'predict'], 200],
  [caller('catalogue'), ['predict'], 200],
  [caller('catalogue'), ['catalogue'], 200],
  [caller('catalogue'), ['admin'], 403],
  [caller('admin'), ['predict'], 200],
  [caller('admin'), ['catalogue'], 200],
  [caller('admin'), ['admin'], 200],
  [caller('predict', 'catalogue'), ['admin'], 403],
];

function statusOf(who: Caller | undefined, access: Access): number {
  try {
    authorise(who, access);
    return 200;
  } catch (error) {
    return (error as Problem).status;
  }
}

describe('authorisation', () => {
  for (const [who, access, status] of cases) {
    it(`${status}: ${who ? `a caller with ${who.roles.join(', ') || 'no role'}` : 'nobody'} where it takes ${access}`, () => {
      expect(statusOf(who, access)).to.equal(status);
    });
  }

  it('says which role it takes and which the caller has', () => {
    expect(() => authorise(caller('predict'), ['catalogue', 'admin'])).to.throw(
      Problem,
      'The caller ada may not do this: it takes the role catalogue or admin, and the caller has predict.',
    );
  });
});
