import { expect } from 'chai';
import pg from 'pg';
import { Problem } from '../http/problems.ts';
import { isUnavailable } from './unavailable.ts';

const ofServer = (code: string) => Object.assign(new pg.DatabaseError('no', 2, 'error'), { code });
const ofSystem = (code: string) => Object.assign(new Error(code), { code });

const cases: [string, unknown, boolean][] = [
  ['a connection that is refused', ofSystem('ECONNREFUSED'), true],
  ['one refused at several addresses', new AggregateError([], 'no'), true],
  ['a connection that ended', new Error('Connection terminated unexpectedly'), true],
  [
    'a pool without a free connection',
    Object.assign(new Error(), { name: 'KnexTimeoutError' }),
    true,
  ],
  ['a URL file that cannot be read', ofSystem('ENOENT'), true],
  ['a server that shuts down', ofServer('57P01'), true],
  ['a statement that took too long', ofServer('57014'), true],
  ['a standby that only reads', ofServer('25006'), true],
  ['too many connections', ofServer('53300'), true],
  ['a full disk', ofServer('53100'), true],
  ['a deadlock', ofServer('40P01'), true],
  ['a password that is refused', ofServer('28P01'), true],
  ['a key that is there already', ofServer('23505'), false],
  ['a value that is none', ofServer('22021'), false],
  ['a wrong statement', ofServer('42601'), false],
  ['a table that is missing', ofServer('42P01'), false],
  ['a problem of ours', new Problem('conflict', 'It is there.'), false],
  ['a mistake of ours', new TypeError('undefined is not a function'), false],
  ['something thrown that is no error', 'no', false],
];

describe('whether an error says that the database is away', () => {
  for (const [name, error, away] of cases)
    it(`${name}: ${away ? 'yes' : 'no'}`, () => expect(isUnavailable(error)).to.equal(away));
});
