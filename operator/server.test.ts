import { expect } from 'chai';
import { Gauge, Registry } from 'prom-client';
import { type Server, startServer } from './server.ts';

describe('health pages', () => {
  let server: Server;
  let missing: string[];

  before(async () => {
    const registry = new Registry();
    new Gauge({ name: 'a_gauge', help: 'Helps.', registers: [registry] }).set(7);
    server = await startServer({ port: 0, registry, missing: () => missing });
  });
  after(() => server.close());

  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, await response.text()];
  };

  it('is healthy and yet not ready while caches are missing, and names them', async () => {
    missing = ['jobs', 'pods'];
    expect(await get('/healthz')).to.deep.equal([200, 'ok\n']);
    expect(await get('/readyz')).to.deep.equal([503, 'not ready, without: jobs, pods\n']);
    missing = [];
    expect(await get('/readyz')).to.deep.equal([200, 'ok\n']);
  });

  it('gives Prometheus its series', async () => {
    const [status, body] = await get('/metrics');
    expect(status).to.equal(200);
    expect(body).to.contain('a_gauge 7');
  });

  it('outlives a request for what is no path', async () => {
    expect((await get('//'))[0]).to.equal(404);
    expect((await get('/healthz?verbose'))[0]).to.equal(200);
  });

  it('says what there is to those who ask for something else', async () => {
    expect(await get('/secret')).to.deep.equal([404, 'There is /healthz, /readyz, /metrics.\n']);
  });
});
