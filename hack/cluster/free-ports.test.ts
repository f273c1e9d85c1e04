import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { freePorts } from './free-ports.ts';

describe('freePorts', () => {
  it('gives none twice, none that the system gives to others, and such as can be listened on', async () => {
    const ports = (await Promise.all([freePorts(40), freePorts(40), freePorts(20)])).flat();
    expect(new Set(ports).size).to.equal(100);
    expect(Math.max(...ports)).to.be.below(30_000);
    const server = createServer().listen(ports[0], '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });

  it('gives none on which somebody listens', async () => {
    const taken = Array.from({ length: 50 }, (_, nth) => 20_000 + nth * 200);
    const servers = taken.map((port) => createServer().listen(port, '127.0.0.1'));
    // Where somebody else listens already, that is as good.
    await Promise.all(servers.map((server) => once(server, 'listening').catch(() => undefined)));
    const ports = await freePorts(9_000);
    for (const server of servers) server.close();
    expect(ports.filter((port) => taken.includes(port))).to.deep.equal([]);
  });
});
