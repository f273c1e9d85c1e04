import { once } from 'node:events';
import { connect } from 'node:net';
import { problemSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { listen, portOf } from './server.ts';

describe('what is no request', () => {
  const head = 'GET / HTTP/1.1\r\nHost: shop\r\n';
  const rows: [status: number, part: string, says: RegExp, name: string, sent: string][] = [
    [400, 'request', /no HTTP request/, 'another protocol', 'EHLO shop\r\n\r\n'],
    [400, 'request', /no HTTP request/, 'TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    [
      400,
      'request',
      /no HTTP request/,
      'two lengths',
      `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    ],
    [
      400,
      'request',
      /no HTTP request/,
      'a length and chunks',
      `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    [400, 'request', /no HTTP request/, 'a header that is none', `${head}no colon\r\n\r\n`],
    [
      431,
      'headers',
      /16 KiB/,
      'headers of 20 KB',
      `${head}Authorization: Bearer ${'x'.repeat(20_000)}\r\n\r\n`,
    ],
  ];
  for (const [status, part, says, name, sent] of rows) {
    it(`is answered ${status} in the same form, and the connection closed: ${name}`, async () => {
      const server = await listen((_, response) => void response.end('handled'), { port: 0 });
      const socket = connect(portOf(server), '127.0.0.1');
      let received = '';
      socket.on('data', (data) => {
        received += data;
      });
      socket.write(Buffer.from(sent, 'latin1'));
      await once(socket, 'close');
      server.close();
      const [top = '', body = ''] = received.split('\r\n\r\n');
      expect(top)
        .to.match(new RegExp(`^HTTP/1.1 ${status} `))
        .and.match(/application\/problem\+json/);
      const problem = problemSchema.parse(JSON.parse(body));
      expect(problem).to.include({ status, part });
      expect(problem.detail).to.match(says);
      expect(top).to.include(problem.requestId);
    });
  }
});
