import { expect } from 'chai';
import { createServiceTokens, makeServiceToken } from './service-tokens.ts';

const minute = 60_000;

function kept() {
  const made = makeServiceToken();
  const row = {
    id: 'id',
    name: 'machine',
    hash: made.hash,
    roles: ['predict'] as const,
    expiresAt: undefined,
  };
  const seen = { time: 1_000_000, refreshed: 0, rows: [row], gone: false };
  const tokens = createServiceTokens({
    async refresh() {
      seen.refreshed++;
      if (!seen.gone) tokens.learn(seen.rows);
    },
    now: () => seen.time,
  });
  return { seen, tokens, token: made.token };
}

describe('service tokens', () => {
  it('are looked for in the database a few times, then once a second, however many made-up ones come', async () => {
    const { seen, tokens } = kept();
    for (let i = 0; i < 1_000; i++)
      expect(await tokens.callerOf(makeServiceToken().token)).to.equal(undefined);
    expect(seen.refreshed).to.equal(5);
    for (let i = 0; i < 100; i++) {
      seen.time += 100;
      await tokens.callerOf(makeServiceToken().token);
    }
    expect(seen.refreshed).to.be.within(14, 15);
  });

  it('that are known are taken for 15 minutes without the database, then nobody can tell', async () => {
    const { seen, tokens, token } = kept();
    expect((await tokens.callerOf(token))?.name).to.equal('machine');
    seen.gone = true;
    seen.time += 15 * minute;
    expect((await tokens.callerOf(token))?.name).to.equal('machine');
    seen.time += 1;
    const error = await tokens.callerOf(token).catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'database-unavailable' });
  });

  it('that were revoked are refused as soon as the list is read', async () => {
    const { seen, tokens, token } = kept();
    await tokens.callerOf(token);
    seen.rows = [];
    tokens.learn(seen.rows);
    expect(await tokens.callerOf(token)).to.equal(undefined);
  });
});
