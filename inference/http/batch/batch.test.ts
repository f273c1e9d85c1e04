import { expect } from 'chai';
import { waitFor } from '../../../hack/process/wait.ts';
import { noisyJpeg, svg } from '../../fixtures/pictures.ts';
import { served, type TestService, testService } from '../../fixtures/service.ts';
import { chunk, openBatch, parsed, untilSeen } from './fixture.ts';

const unsteady = { program: new URL('../../fixtures/unsteady-worker.ts', import.meta.url) };

function ask(service: TestService, body: NonNullable<RequestInit['body']>): Promise<Response> {
  return fetch(`${service.url}/v1/predict/batch`, {
    method: 'POST',
    headers: { authorization: service.authorization, 'content-type': 'application/x-ndjson' },
    body,
    duplex: 'half',
  } as RequestInit);
}

describe('POST /v1/predict/batch', () => {
  let service: TestService;
  before(async () => {
    service = await testService();
  });
  after(() => service.close());

  it('answers each line in its place, and a line that is wrong with its problem', async () => {
    const image = (await noisyJpeg()).toString('base64');
    const lines: [line: string, id: string | number | null, outcome: string][] = [
      ['{"id":"a","designation":"spade"}', 'a', 'predicted'],
      ['', null, ''],
      ['{"id":7,"designation":"spade","top":1}', 7, 'predicted'],
      ['{"designation": ', null, 'bad-request line'],
      ['"spade"', null, 'unusable-part line'],
      ['[1]', null, 'unusable-part line'],
      ['null', null, 'unusable-part line'],
      ['{"id":{},"designation":"spade"}', null, 'unusable-part id'],
      [`{"id":"${'x'.repeat(201)}","designation":"spade"}`, null, 'unusable-part id'],
      ['{"id":"b"}', 'b', 'nothing-to-classify body'],
      ['{"id":"c","designatoin":"spade"}', 'c', 'unknown-part designatoin'],
      ['{"id":"d","designation":"spade","top":0}', 'd', 'unusable-part top'],
      [JSON.stringify({ id: 'e', image }), 'e', 'predicted'],
      [JSON.stringify({ id: 'f', image: svg().toString('base64') }), 'f', 'unusable-part image'],
      [JSON.stringify({ id: 'g', image: 'x' }), 'g', 'unusable-part image'],
      ['{"id":"h","designation":"spade"}\r', 'h', 'predicted'],
    ];
    const answer = await ask(service, lines.map(([line]) => line).join('\n'));
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([
      200,
      'application/x-ndjson',
    ]);
    const seen = parsed(await answer.text()).map((one) => [
      one.line,
      one.id,
      'prediction' in one
        ? 'predicted'
        : `${one.problem.type.split('/').at(-1)} ${one.problem.part}`,
    ]);
    const expected = lines
      .map(([, id, outcome], i) => [i + 1, id, outcome])
      .filter(([, , outcome]) => outcome !== '');
    expect(seen).to.deep.equal(expected);
  });

  it('answers what the single prediction answers', async () => {
    const product = { designation: 'spade', description: 'of steel', top: 2 };
    const single = await fetch(`${service.url}/v1/predict`, {
      method: 'POST',
      headers: { authorization: service.authorization, 'content-type': 'application/json' },
      body: JSON.stringify(product),
    });
    const [first] = parsed(await (await ask(service, JSON.stringify(product))).text());
    expect(first).to.deep.equal({ line: 1, id: null, prediction: await single.json() });
  });

  it('answers a line before the next one is sent', async () => {
    const socket = await openBatch(service);
    for (const id of ['first', 'second']) {
      socket.write(chunk(`{"id":"${id}","designation":"spade"}\n`));
      await untilSeen(socket, new RegExp(`"id":"${id}","prediction"`));
    }
    socket.write('0\r\n\r\n');
    await untilSeen(socket, /\r\n0\r\n\r\n$/);
    socket.destroy();
  });

  it('answers thousands of lines, however they come', async () => {
    const total = 3_000;
    async function* lines() {
      for (let i = 0; i < total; i++) yield Buffer.from(`{"id":${i},"designation":"p${i}"}\n`);
    }
    const answer = await ask(service, ReadableStream.from(lines()) as ReadableStream);
    const ids = parsed(await answer.text()).map(({ id }) => id);
    expect(ids).to.deep.equal(Array.from({ length: total }, (_, i) => i));
  });

  it('refuses a body of another type, and one of somebody without a token', async () => {
    const refused = async (headers: Record<string, string>) =>
      (await fetch(`${service.url}/v1/predict/batch`, { method: 'POST', headers, body: '{}' }))
        .status;
    expect(await refused({ authorization: service.authorization })).to.equal(415);
    expect(await refused({ 'content-type': 'application/x-ndjson' })).to.equal(401);
  });

  it('refuses a line that is too long, and goes on behind it', async () => {
    const body = `{"image":"${'A'.repeat(9 * 2 ** 20)}"}\n{"id":"next","designation":"spade"}\n`;
    const [long, next] = parsed(await (await ask(service, body)).text());
    expect(long).to.have.nested.property('problem.status', 413);
    expect(next).to.include({ line: 2, id: 'next' });
    expect(next).to.have.nested.property('prediction.release', served.release);
  });

  it('reads no more of what nobody reads the answers to, and goes on once somebody does', async () => {
    const socket = await openBatch(service);
    socket.pause();
    const line = `{"id":"${'x'.repeat(200)}"}\n`;
    const lines = 120_000;
    for (let i = 0; i < lines; i += 1_000) socket.write(chunk(line.repeat(1_000)));
    socket.write('0\r\n\r\n');
    const unsent = () => socket.writableLength;
    let before = unsent();
    await waitFor(
      async () => {
        const same = unsent() === before;
        before = unsent();
        return same ? true : undefined;
      },
      { what: 'the service to stop reading', limitMs: 300_000, everyMs: 1_000 },
    );
    expect(unsent(), 'bytes that the service has not taken').to.be.above(2 ** 20);
    socket.resume();
    await untilSeen(socket, /\r\n0\r\n\r\n$/);
    expect(socket.received().match(/"problem"/g)).to.have.length(lines);
    socket.destroy();
  });

  it('allows a caller some batches at a time, and takes the next when one has ended', async () => {
    const two = [await openBatch(service), await openBatch(service)];
    for (const one of two) {
      one.write(chunk('{"designation":"spade"}\n'));
      await untilSeen(one, /prediction/);
    }
    const third = await ask(service, '{"designation":"spade"}');
    expect([third.status, third.headers.get('retry-after')]).to.deep.equal([503, '5']);
    for (const one of two) one.destroy();
    await waitFor(
      async () => {
        const next = await ask(service, '{"designation":"spade"}');
        return next.status === 200 && (await next.text()) ? true : undefined;
      },
      { what: 'a batch to be taken again', limitMs: 300_000 },
    );
  });

  it('leaves room for single predictions, and drops what waits when its caller leaves', async () => {
    const slow = await testService({}, unsteady);
    const batch = await openBatch(slow);
    batch.write(chunk('{"designation":"silence"}\n'.repeat(60)));
    const queued = () => slow.state.loaded?.engine.state().queued ?? 0;
    await waitFor(async () => (queued() > 0 ? true : undefined), {
      what: 'products of the batch to wait',
      limitMs: 300_000,
    });
    expect(queued(), 'products of one caller that wait').to.be.at.most(8);
    batch.destroy();
    const single = await fetch(`${slow.url}/v1/predict`, {
      method: 'POST',
      headers: { authorization: slow.authorization, 'content-type': 'application/json' },
      body: '{"designation":"spade"}',
    });
    expect(single.status).to.equal(200);
    expect(queued()).to.equal(0);
    await slow.close();
  });

  it('cuts a connection on which nothing moves', async () => {
    const impatient = await testService({ arrivalLimitMs: 200 });
    const batch = await openBatch(impatient);
    batch.write(chunk('{"designation":"spade"}\n{"design'));
    await waitFor(async () => (batch.destroyed ? true : undefined), {
      what: 'the connection to be cut',
      limitMs: 300_000,
    });
    expect(batch.received())
      .to.match(/prediction/)
      .and.not.match(/\r\n0\r\n\r\n$/);
    await impatient.close();
  });
});
