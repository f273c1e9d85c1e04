import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { runClosedLoop } from './closed-loop.ts';
import { percentile } from './latencies.ts';
import { runOpenLoop } from './open-loop.ts';
import { multipart, requestBytes } from './request.ts';
import { type Response as Answer, createResponseReader } from './response.ts';
import { failures } from './tally.ts';

describe('the load generator', () => {
  const picture = Buffer.from([1, 2, 3, 0, 255]);
  const form = multipart({ designation: 'a spade' }, picture);
  const request = requestBytes({ method: 'POST', path: '/', ...form }, 'h');

  /** Answers every third request with 503, and closes the connection of every fifth. */
  async function withServer(work: (port: number) => Promise<void>): Promise<void> {
    let count = 0;
    const server = createServer(async (req, res) => {
      const body = await new Response(Readable.toWeb(req) as ReadableStream, {
        headers: { 'content-type': req.headers['content-type'] ?? '' },
      }).formData();
      expect(body.get('designation')).to.equal('a spade');
      count++;
      if (count % 5 === 0) res.setHeader('connection', 'close');
      if (count % 3 === 0) res.writeHead(503, { 'retry-after': '1' });
      res.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work((server.address() as AddressInfo).port);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('counts every answer once, each connection asking as soon as it is answered', () =>
    withServer(async (port) => {
      const found = await runClosedLoop({ kind: 'closed', port, connections: 3, seconds: 0.5 }, [
        request,
      ]);
      const { '200': answered = 0, '503': refused = 0 } = found.statuses;
      expect(found.errors).to.deep.equal({});
      expect([found.answered.count, found.refused.count]).to.deep.equal([answered, refused]);
      expect(refused).to.equal(Math.floor((answered + refused) / 3));
      expect(failures(found)).to.equal(refused);
      expect(found.withoutRetryAfter).to.equal(0);
    }));

  it('sends what is due, whether or not earlier requests are answered', () =>
    withServer(async (port) => {
      const job = { kind: 'open', port, rate: 200, seconds: 1, arrivals: 'steady' } as const;
      const found = await runOpenLoop(job, [request]);
      expect(found.sent).to.be.within(199, 201);
      expect(found.unsent).to.equal(0);
      const { '200': answered = 0, '503': refused = 0 } = found.statuses;
      expect(answered + refused).to.equal(found.sent);
    }));

  it('says that nobody listens', async () => {
    const job = { kind: 'open', port: 9, rate: 20, seconds: 0.2, arrivals: 'poisson' } as const;
    const found = await runOpenLoop(job, [request]);
    expect(Object.keys(found.errors).join()).to.match(/ECONNREFUSED/);
    expect(failures(found)).to.equal(found.sent);
  });

  it('reads answers however they are cut', () => {
    const bytes = Buffer.from(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 503 No\r\nRetry-After: 3\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    );
    for (let size = 1; size <= bytes.length; size++) {
      const seen: Answer[] = [];
      const read = createResponseReader((response) => seen.push(response));
      for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
      expect(
        seen.map(({ status, retryAfter, closes, body }) => [status, retryAfter, closes, `${body}`]),
      ).to.deep.equal([
        [200, undefined, false, '{}'],
        [503, '3', true, 'abc'],
      ]);
    }
  });

  it('takes the nearest rank as a percentile', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).to.deep.equal([50, 99, 100]);
    expect(percentile([7], 0.5)).to.equal(7);
    expect(percentile([], 0.5)).to.be.NaN;
  });
});
