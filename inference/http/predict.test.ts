import { connect } from 'node:net';
import { predictResponseSchema, problemSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import {
  animatedWebp,
  cmykJpeg,
  noisyJpeg,
  onePixel,
  pngBomb,
  rotatedJpeg,
  svg,
} from '../fixtures/pictures.ts';
import { served, type TestService, testService } from '../fixtures/service.ts';
import { colouredPicture, tinyClasses } from '../fixtures/tiny-bundle.ts';

interface Asked {
  headers?: Record<string, string>;
  body?: RequestInit['body'];
}

const json = (value: unknown): Asked => ({
  headers: { 'content-type': 'application/json' },
  body: typeof value === 'string' ? value : JSON.stringify(value),
});

/** A multipart request; a Buffer becomes a file. Pairs, so that a part can be there twice. */
function form(...parts: [name: string, value: string | Buffer][]): Asked {
  const body = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === 'string') body.append(name, value);
    else body.append(name, new Blob([new Uint8Array(value)]), `${name}.jpg`);
  }
  return { body };
}

/** A multipart body as text, to be wrong in ways that FormData cannot be. */
const raw = (body: string, type = 'multipart/form-data; boundary=b'): Asked => ({
  headers: { 'content-type': type },
  body,
});

describe('POST /v1/predict', () => {
  let service: TestService;
  before(async () => {
    service = await testService();
  });
  after(() => service.close());

  const ask = ({ headers = {}, body }: Asked) =>
    fetch(`${service.url}/v1/predict`, {
      method: 'POST',
      headers: { authorization: service.authorization, ...headers },
      ...(body !== undefined && { body }),
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    } as RequestInit);

  describe('answers', () => {
    const accepted: {
      name: string;
      asked: () => Promise<Asked> | Asked;
      text: boolean;
      image: boolean;
    }[] = [
      {
        name: 'a form of all parts',
        asked: async () =>
          form(['designation', 'spade'], ['description', 'steel'], ['image', await noisyJpeg()]),
        text: true,
        image: true,
      },
      {
        name: 'a form of text alone',
        asked: () => form(['designation', 'spade']),
        text: true,
        image: false,
      },
      {
        name: 'a form of a picture alone',
        asked: async () => form(['image', await noisyJpeg()]),
        text: false,
        image: true,
      },
      {
        name: 'JSON of all fields',
        asked: async () =>
          json({
            designation: 'spade',
            description: 'steel',
            image: (await noisyJpeg()).toString('base64'),
          }),
        text: true,
        image: true,
      },
      {
        name: 'JSON with nulls',
        asked: () => json({ designation: 'spade', description: null, image: null, top: null }),
        text: true,
        image: false,
      },
      {
        name: 'blank text as none',
        asked: async () => form(['designation', ' \n'], ['image', await noisyJpeg()]),
        text: false,
        image: true,
      },
      {
        name: 'a PNG',
        asked: async () => form(['image', await colouredPicture('red', 'png')]),
        text: false,
        image: true,
      },
      {
        name: 'a WebP',
        asked: async () => form(['image', await colouredPicture('red', 'webp')]),
        text: false,
        image: true,
      },
      {
        name: 'an animated WebP',
        asked: async () => form(['image', await animatedWebp()]),
        text: false,
        image: true,
      },
      {
        name: 'a JPEG in CMYK',
        asked: async () => form(['image', await cmykJpeg()]),
        text: false,
        image: true,
      },
      {
        name: 'a JPEG that EXIF turns',
        asked: async () => form(['image', await rotatedJpeg()]),
        text: false,
        image: true,
      },
      {
        name: 'one transparent pixel',
        asked: async () => form(['image', await onePixel()]),
        text: false,
        image: true,
      },
      {
        name: 'text with NUL',
        asked: () => json({ designation: 'spa\u0000de' }),
        text: true,
        image: false,
      },
      {
        name: 'an unpaired surrogate',
        asked: () => json('{"designation":"spade \\ud800"}'),
        text: true,
        image: false,
      },
      {
        name: 'right to left',
        asked: () => json({ designation: 'مجرفة \u202eedaps' }),
        text: true,
        image: false,
      },
      {
        name: 'HTML entities',
        asked: () => json({ designation: '&lt;b&gt;spade&#x110000;&amp' }),
        text: true,
        image: false,
      },
      {
        name: 'the longest text',
        asked: () => json({ designation: 'é'.repeat(2000), description: 'ü '.repeat(50_000) }),
        text: true,
        image: false,
      },
    ];
    for (const { name, asked, text, image } of accepted) {
      it(name, async () => {
        const answer = await ask(await asked());
        const body = await answer.text();
        expect(`${answer.status} ${body}`).to.match(/^200 /);
        expect(answer.headers.get('content-type')).to.match(/^application\/json/);
        const document = predictResponseSchema.parse(JSON.parse(body));
        expect(document).to.include({ release: served.release, digest: served.digest });
        expect([document.text !== null, document.image !== null]).to.deep.equal([text, image]);
        const { classes } = document;
        expect(classes.map((one) => one.class)).to.have.members(tinyClasses);
        expect(classes.reduce((sum, one) => sum + one.probability, 0)).to.be.closeTo(1, 1e-4);
        expect(classes).to.deep.equal(classes.toSorted((a, b) => b.probability - a.probability));
      });
    }

    it('as many classes as were asked for', async () => {
      for (const asked of [
        form(['designation', 'spade'], ['top', '2']),
        json({ designation: 'spade', top: 2 }),
      ]) {
        const { classes, text } = (await (await ask(asked)).json()) as {
          classes: unknown[];
          text: unknown[];
        };
        expect([classes.length, text.length]).to.deep.equal([2, 2]);
      }
    });

    it('the same in both forms, and to the same picture in different requests', async () => {
      const picture = await noisyJpeg();
      const answers = await Promise.all(
        [
          form(['designation', 'spade'], ['image', picture]),
          json({ designation: 'spade', image: picture.toString('base64') }),
        ].map(async (asked) => (await ask(asked)).json()),
      );
      expect(answers[0]).to.deep.equal(answers[1]);
    });

    it('with the request id it was given, or a new one for one that is not harmless', async () => {
      const { headers } = await ask({
        ...json({ designation: 'a' }),
        headers: { 'content-type': 'application/json', 'x-request-id': 'order-17' },
      });
      expect(headers.get('x-request-id')).to.equal('order-17');
      const other = await ask({
        ...json({ designation: 'a' }),
        headers: { 'content-type': 'application/json', 'x-request-id': 'a b"c' },
      });
      expect(other.headers.get('x-request-id')).to.match(/^[0-9a-f-]{36}$/);
    });
  });

  describe('refuses', () => {
    const large = Buffer.alloc(20 * 2 ** 20);
    const refused: {
      name: string;
      asked: () => Promise<Asked> | Asked;
      status: number;
      part?: string;
      says: RegExp;
    }[] = [
      {
        name: 'no token',
        asked: () => ({ ...json({ designation: 'a' }), headers: { authorization: '' } }),
        status: 401,
        part: 'Authorization',
        says: /no token/,
      },
      {
        name: 'a wrong token',
        asked: () => ({
          ...json({ designation: 'a' }),
          headers: { authorization: 'Bearer nonsense' },
        }),
        status: 401,
        part: 'Authorization',
        says: /no JWT/,
      },
      {
        name: 'no body',
        asked: () => ({}),
        status: 415,
        part: 'Content-Type',
        says: /no Content-Type/,
      },
      {
        name: 'another content type',
        asked: () => raw('a', 'text/plain'),
        status: 415,
        part: 'Content-Type',
        says: /text\/plain/,
      },
      {
        name: 'a content encoding',
        asked: () => ({
          ...json({ designation: 'a' }),
          headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        }),
        status: 415,
        part: 'Content-Encoding',
        says: /as it is/,
      },
      {
        name: 'an empty form',
        asked: () => form(),
        status: 400,
        part: 'body',
        says: /at least one of designation, description and image|no complete/,
      },
      {
        name: 'an empty object',
        asked: () => json({}),
        status: 400,
        part: 'body',
        says: /at least one of designation, description and image/,
      },
      {
        name: 'blank fields',
        asked: () => form(['designation', ' '], ['description', '']),
        status: 400,
        part: 'body',
        says: /at least one/,
      },
      {
        name: 'JSON that is none',
        asked: () => json('{"designation": '),
        status: 400,
        part: 'body',
        says: /not JSON/,
      },
      {
        name: 'JSON that is not UTF-8',
        asked: () => ({
          headers: { 'content-type': 'application/json' },
          body: new Uint8Array([0x7b, 0xff, 0x7d]),
        }),
        status: 400,
        part: 'body',
        says: /UTF-8/,
      },
      {
        name: 'JSON that is no object',
        asked: () => json([1]),
        status: 422,
        part: 'body',
        says: /wrong/,
      },
      {
        name: 'a number as designation',
        asked: () => json({ designation: 5 }),
        status: 422,
        part: 'designation',
        says: /designation/,
      },
      {
        name: 'a misspelt field',
        asked: () => json({ designatoin: 'spade' }),
        status: 400,
        part: 'designatoin',
        says: /"designatoin" is not known/,
      },
      {
        name: 'a misspelt part',
        asked: () => form(['designatoin', 'spade']),
        status: 400,
        part: 'designatoin',
        says: /"designatoin" is not known/,
      },
      {
        name: 'an unknown file',
        asked: () => form(['photo', Buffer.from('x')]),
        status: 400,
        part: 'photo',
        says: /"photo" is not known/,
      },
      {
        name: 'a part twice',
        asked: () => form(['designation', 'a'], ['designation', 'b']),
        status: 400,
        part: 'designation',
        says: /more than once/,
      },
      {
        name: 'two pictures',
        asked: async () => form(['image', await noisyJpeg()], ['image', await noisyJpeg()]),
        status: 400,
        part: 'image',
        says: /more than once/,
      },
      {
        name: 'text as a file',
        asked: () => form(['designation', Buffer.from('spade')]),
        status: 400,
        part: 'designation',
        says: /is a file/,
      },
      {
        name: 'a picture as a field',
        asked: () => form(['image', 'abc']),
        status: 400,
        part: 'image',
        says: /file name/,
      },
      {
        name: '10,000 fields',
        asked: () =>
          form(...Array.from({ length: 10_000 }, (_, i): [string, string] => [`f${i}`, 'x'])),
        status: 400,
        part: 'f0',
        says: /not known/,
      },
      {
        name: '100 pictures',
        asked: () =>
          form(...Array.from({ length: 100 }, (): [string, Buffer] => ['image', Buffer.from('x')])),
        status: 400,
        part: 'image',
        says: /more than once/,
      },
      {
        name: 'a form without boundary',
        asked: () => raw('--b--', 'multipart/form-data'),
        status: 400,
        part: 'body',
        says: /[Bb]oundary/,
      },
      {
        name: 'a form that breaks off',
        asked: () => raw('--b\r\nContent-Disposition: form-data; name="designation"\r\n\r\nspa'),
        status: 400,
        part: 'body',
        says: /no complete/,
      },
      {
        name: 'a form that is none',
        asked: () => raw('hello'),
        status: 400,
        part: 'body',
        says: /no complete/,
      },
      {
        name: 'text of 1 MB in a form',
        asked: () => form(['description', 'x'.repeat(2 ** 20)]),
        status: 422,
        part: 'description',
        says: /longer/,
      },
      {
        name: 'text of 1 MB in JSON',
        asked: () => json({ description: 'x'.repeat(2 ** 20) }),
        status: 422,
        part: 'description',
        says: /1048576 characters/,
      },
      {
        name: 'a long designation',
        asked: () => json({ designation: 'x'.repeat(2001) }),
        status: 422,
        part: 'designation',
        says: /2001 characters/,
      },
      {
        name: '20 MB in a form',
        asked: () => form(['image', large]),
        status: 413,
        part: 'body',
        says: /16 MiB/,
      },
      {
        name: '20 MB in JSON',
        asked: () => json(`{"image":"${large.toString('base64')}"}`),
        status: 413,
        part: 'body',
        says: /16 MiB/,
      },
      {
        name: '20 MB without Content-Length',
        asked: () => ({
          headers: { 'content-type': 'application/json' },
          body: new Blob([large]).stream(),
        }),
        status: 413,
        part: 'body',
        says: /16 MiB/,
      },
      {
        name: 'half a JPEG',
        asked: async () => form(['image', (await noisyJpeg()).subarray(0, 9000)]),
        status: 422,
        part: 'image',
        says: /cannot be decoded/,
      },
      {
        name: 'half a JPEG in JSON',
        asked: async () =>
          json({
            designation: 'spade',
            image: (await noisyJpeg()).subarray(0, 9000).toString('base64'),
          }),
        status: 422,
        part: 'image',
        says: /cannot be decoded/,
      },
      {
        name: 'a PNG of 16000 × 16000',
        asked: async () => form(['image', await pngBomb()]),
        status: 422,
        part: 'image',
        says: /25 million pixels/,
      },
      {
        name: 'an SVG',
        asked: () => form(['image', svg()]),
        status: 422,
        part: 'image',
        says: /none of JPEG, PNG and WebP/,
      },
      {
        name: 'a picture that is text',
        asked: () => form(['image', Buffer.from('this is no picture')]),
        status: 422,
        part: 'image',
        says: /none of JPEG, PNG and WebP/,
      },
      {
        name: 'a JPEG by its first bytes alone',
        asked: () => form(['image', Buffer.from('ffd8ffe000104a46494600', 'hex')]),
        status: 422,
        part: 'image',
        says: /cannot be decoded/,
      },
      {
        name: 'an empty picture',
        asked: () => form(['image', Buffer.alloc(0)]),
        status: 422,
        part: 'image',
        says: /empty/,
      },
      {
        name: 'a picture that is no base64',
        asked: () => json({ image: 'not base64!' }),
        status: 422,
        part: 'image',
        says: /base64/,
      },
      {
        name: 'top of 0',
        asked: () => json({ designation: 'a', top: 0 }),
        status: 422,
        part: 'top',
        says: /1 to 100/,
      },
      {
        name: 'top that is no number',
        asked: () => form(['designation', 'a'], ['top', 'many']),
        status: 422,
        part: 'top',
        says: /1 to 100/,
      },
    ];
    for (const { name, asked, status, part, says } of refused) {
      it(`${name} with ${status}`, async () => {
        const answer = await ask(await asked());
        const body = await answer.text();
        expect(`${answer.status} ${body}`).to.match(new RegExp(`^${status} `));
        expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
        const problem = problemSchema.parse(JSON.parse(body));
        expect(problem.detail).to.match(says);
        expect(problem.part).to.equal(part);
        expect(problem.requestId).to.equal(answer.headers.get('x-request-id'));
      });
    }

    it('nothing more after all that: a good request is answered', async () => {
      const answer = await ask(form(['designation', 'spade'], ['image', await noisyJpeg()]));
      expect(answer.status).to.equal(200);
    });
  });

  it('survives a client that goes away in the middle of its upload', async () => {
    const { hostname, port } = new URL(service.url);
    for (let i = 0; i < 20; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => {
          const head = `POST /v1/predict HTTP/1.1\r\nHost: x\r\nAuthorization: ${service.authorization}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n`;
          socket.write(
            `${head}--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nabc`,
            () => {
              socket.destroy();
              resolve();
            },
          );
        });
      });
    }
    expect((await ask(json({ designation: 'spade' }))).status).to.equal(200);
  });

  it('answers 503 with Retry-After when the uploads under way are too many', async () => {
    const small = await testService({ bodyBudgetBytes: 1000 });
    const body = JSON.stringify({ designation: 'spade', description: 'x'.repeat(5000) });
    const headers = { authorization: small.authorization, 'content-type': 'application/json' };
    const answer = await fetch(`${small.url}/v1/predict`, { method: 'POST', headers, body });
    expect(answer.status).to.equal(503);
    expect(answer.headers.get('retry-after')).to.equal('1');
    const next = await fetch(`${small.url}/v1/predict`, {
      method: 'POST',
      headers,
      body: '{"designation":"spade"}',
    });
    expect(next.status).to.equal(200);
    await small.close();
  });

  it('answers 503 with Retry-After when it would be too late', async () => {
    const late = await testService(
      { predictDeadlineMs: 1 },
      { program: new URL('../fixtures/unsteady-worker.ts', import.meta.url) },
    );
    const headers = { authorization: late.authorization, 'content-type': 'application/json' };
    const send = (designation: string) =>
      fetch(`${late.url}/v1/predict`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ designation }),
      });
    const first = send('silence');
    while (late.state.loaded?.engine.state().busy === 0)
      await new Promise((resolve) => setTimeout(resolve, 1));
    const answer = await send('too late');
    expect(answer.status).to.equal(503);
    expect(Number(answer.headers.get('retry-after'))).to.be.at.least(1);
    expect((await first).status).to.equal(200);
    await late.close();
  });
});
