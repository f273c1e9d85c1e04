import { expect } from 'chai';
import { waitFor } from '../../../hack/process/wait.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import { accountSubject, createRevocations } from '../../auth/revocations.ts';
import { createServiceTokens, makeServiceToken } from '../../auth/service-tokens.ts';
import { type TestService, testService } from '../../fixtures/service.ts';
import { chunk, type OpenBatch, openBatch, parsed, untilSeen } from './fixture.ts';

const line = chunk('{"designation":"spade"}\n');
const whole = /\r\n0\r\n\r\n$/;

describe('a batch whose caller may not call any more', () => {
  let service: TestService;
  const revocations = createRevocations();
  const serviceTokens = createServiceTokens({ refresh: () => Promise.resolve() });
  const machine = makeServiceToken();
  const accounts = {
    revocations,
    serviceTokens,
    database: { ready: () => undefined },
  } as unknown as Accounts;

  before(async () => {
    service = await testService({ accounts });
  });
  after(() => service.close());

  const learn = (roles: { expiresAt?: number }[]) =>
    serviceTokens.learn(
      roles.map(({ expiresAt }) => ({
        id: 'id-2',
        name: 'machine',
        hash: machine.hash,
        roles: ['predict'],
        expiresAt,
      })),
    );
  const revoke = () =>
    revocations.add([
      { subject: accountSubject('id-1'), generation: 1, expiresAt: Date.now() + 900_000 },
    ]);
  const real = Date.now;
  const later = (ms: number) => {
    Date.now = () => real() + ms;
  };
  afterEach(() => {
    Date.now = real;
  });

  /** A batch of which one line has been answered. */
  async function begun(authorization: string, of = service): Promise<OpenBatch> {
    const batch = await openBatch(of, authorization);
    batch.write(line);
    await untilSeen(batch, /"prediction"/);
    return batch;
  }
  const answers = (batch: OpenBatch) =>
    parsed((batch.received().match(/^\{.*$/gm) ?? []).join('\n')).map((one) => [
      one.line,
      'problem' in one ? `${one.problem.type} ${one.problem.part}` : 'prediction',
    ]);

  const ways: [name: string, authorization: () => string, withdraw: () => void][] = [
    ['an account whose tokens expire', () => service.authorization, () => later(911_000)],
    [
      'a service token that is withdrawn',
      () => {
        learn([{}]);
        return `Bearer ${machine.token}`;
      },
      () => learn([]),
    ],
    [
      'a service token that expires',
      () => {
        learn([{ expiresAt: real() + 60_000 }]);
        return `Bearer ${machine.token}`;
      },
      () => learn([{ expiresAt: real() - 1 }]),
    ],
    ['an account whose tokens are revoked', () => service.authorization, revoke],
  ];
  for (const [name, authorization, withdraw] of ways) {
    it(`ends with a line that says so: ${name}`, async () => {
      const batch = await begun(authorization());
      withdraw();
      batch.write(line.repeat(3));
      await untilSeen(batch, whole);
      expect(answers(batch)).to.deep.equal([
        [1, 'prediction'],
        [2, 'https://shelfwise.dev/problems/unauthenticated Authorization'],
      ]);
      // What it sent until it saw that is let go, and the connection is of use again.
      batch.write(`${line.repeat(1_000)}0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n`);
      await untilSeen(batch, /HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 200 /);
      batch.destroy();
    });
  }

  it('ends for lines that are wrong as well', async () => {
    learn([{}]);
    const batch = await begun(`Bearer ${machine.token}`);
    learn([]);
    batch.write(chunk('wrong\n'));
    await untilSeen(batch, whole);
    expect(answers(batch)).to.have.length(2);
    batch.destroy();
  });

  it('is cut where its caller goes on all the same', async () => {
    const impatient = await testService({ accounts, arrivalLimitMs: 200 });
    learn([{}]);
    const batch = await begun(`Bearer ${machine.token}`, impatient);
    learn([]);
    await waitFor(
      async () => {
        if (!batch.destroyed) batch.write(line);
        return batch.destroyed ? true : undefined;
      },
      { what: 'the connection to be cut', limitMs: 300_000 },
    );
    expect(answers(batch).at(-1)?.[1]).to.match(/unauthenticated/);
    await impatient.close();
  });
});
