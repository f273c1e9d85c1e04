import { expect } from 'chai';
import { createMetrics } from '../metrics/metrics.ts';
import { admin, openTown, type Replica, type Town } from './fixture.ts';

describe('a flood of wrong logins', () => {
  let town: Town;
  let replica: Replica;
  const metrics = createMetrics();

  before(async () => {
    town = await openTown();
    replica = await town.replica({ metrics, trustedProxies: ['127.0.0.0/8', '::1'] });
  });
  after(() => town?.close());

  const attempt = (address: string, who = { username: 'nobody', password: 'a wrong password' }) =>
    replica.call('POST', '/v1/tokens', who, undefined, { 'x-forwarded-for': address });

  it('is refused at the door, whatever the names, and keeps nobody out who comes from elsewhere', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 55; i++) {
      const { status } = await attempt('203.0.113.1', {
        username: `user-${i}`,
        password: 'a wrong password',
      });
      statuses.push(status);
    }
    expect(statuses).to.deep.equal([...Array(50).fill(401), ...Array(5).fill(429)]);

    const refused = await attempt('203.0.113.1', admin);
    expect([refused.status, refused.body.type]).to.deep.equal([
      429,
      'https://shelfwise.dev/problems/too-many-logins',
    ]);
    expect(refused.headers.get('content-type')).to.equal('application/problem+json');
    expect(refused.headers.get('x-request-id')).to.equal(refused.body.requestId);
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60);
    expect(await metrics.registry.metrics()).to.match(
      /requests_total\{route="\/v1\/tokens",method="POST",code="429"\} 6/,
    );

    expect((await attempt('203.0.113.2', admin)).status).to.equal(200);
    // What the client wrote before the proxy is not believed.
    expect((await attempt('203.0.113.2, 203.0.113.1', admin)).status).to.equal(429);
  });

  it('is refused as well where no user could have the names', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 55; i++) {
      const { status } = await attempt('203.0.113.3', { username: `\0${i}`, password: 'x' });
      statuses.push(status);
    }
    expect(statuses).to.deep.equal([...Array(50).fill(401), ...Array(5).fill(429)]);
  });

  it('leaves predictions alone, also on the connection that it came by', async () => {
    const { body } = await attempt('203.0.113.2', admin);
    expect((await attempt('203.0.113.1')).status).to.equal(429);
    const predicted = await replica.call(
      'POST',
      '/v1/predict',
      { designation: 'spade' },
      body.access_token,
    );
    expect(predicted.status).to.equal(200);
  });
});
