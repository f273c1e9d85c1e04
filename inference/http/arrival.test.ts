import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { type TestService, testService } from '../fixtures/service.ts';

describe('a body that does not come', () => {
  let service: TestService;
  before(async () => {
    service = await testService({ arrivalLimitMs: 200 });
  });
  after(() => service.close());

  /** Sends the beginning of a request and returns all that comes until the connection is closed. */
  async function begin(head: string, body: string): Promise<string> {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    socket.write(`${head}\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n${body}`);
    await once(socket, 'close');
    return received;
  }

  const predict = (type: string) =>
    `POST /v1/predict HTTP/1.1\r\nAuthorization: ${service.authorization}\r\nContent-Type: ${type}`;

  for (const [type, body] of [
    ['application/json', '{"designation":'],
    [
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nhalf',
    ],
  ] as const) {
    it(`is answered 408 where it is awaited, and the connection closed: ${type}`, async () => {
      const answer = await begin(predict(type), body);
      expect(answer).to.match(/^HTTP\/1.1 408 /);
      expect(answer)
        .to.match(/\r\nConnection: close\r\n/i)
        .and.match(/"part":"body"/);
    });
  }

  it('is cut off where nobody waits for it', async () => {
    const answer = await begin('POST /nowhere HTTP/1.1', 'never');
    expect(answer).to.match(/^HTTP\/1.1 404 /);
  });
});
