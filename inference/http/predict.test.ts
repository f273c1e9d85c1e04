import { once } from 'node:events';
import { connect } from 'node:net';
import { predictResponseSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { animatedWebp, cmykJpeg, noisyJpeg, onePixel, rotatedJpeg } from '../fixtures/pictures.ts';
import { type Asked, askPredict, form, json } from '../fixtures/requests.ts';
import { served, type TestService, testService } from '../fixtures/service.ts';
import { colouredPicture, tinyClasses } from '../fixtures/tiny-bundle.ts';

type Row = [name: string, modalities: 'text' | 'image' | 'both', asked: () => Promise<Asked>];

const picture = async (bytes: Promise<Buffer>) => form(['image', await bytes]);
const words = async (designation: string) => json({ designation });
const base64 = async () => (await noisyJpeg()).toString('base64');

const answered: Row[] = [
  [
    'a form of all parts',
    'both',
    async () =>
      form(['designation', 'spade'], ['description', 'of steel'], ['image', await noisyJpeg()]),
  ],
  ['a form of text alone', 'text', async () => form(['designation', 'spade'])],
  ['a form of a picture alone', 'image', () => picture(noisyJpeg())],
  [
    'JSON of all fields',
    'both',
    async () => json({ designation: 'a', description: 'b', image: await base64() }),
  ],
  [
    'JSON with nulls',
    'text',
    async () => json({ designation: 'a', description: null, image: null, top: null }),
  ],
  [
    'blank text as none',
    'image',
    async () => form(['designation', ' \n'], ['image', await noisyJpeg()]),
  ],
  ['a PNG', 'image', () => picture(colouredPicture('red', 'png'))],
  ['a WebP', 'image', () => picture(colouredPicture('red', 'webp'))],
  ['an animated WebP', 'image', () => picture(animatedWebp())],
  ['a JPEG in CMYK', 'image', () => picture(cmykJpeg())],
  ['a JPEG that EXIF turns', 'image', () => picture(rotatedJpeg())],
  ['one transparent pixel', 'image', () => picture(onePixel())],
  ['text with NUL', 'text', () => words('spa\u0000de')],
  ['an unpaired surrogate', 'text', async () => json('{"designation":"spade \\ud800"}')],
  ['right to left', 'text', () => words('مجرفة \u202eedaps')],
  ['HTML entities', 'text', () => words('&lt;b&gt;spade&#x110000;&amp')],
  [
    'the longest text',
    'text',
    async () => json({ designation: 'é'.repeat(2000), description: 'ü '.repeat(50_000) }),
  ],
];

describe('POST /v1/predict', () => {
  let service: TestService;
  before(async () => {
    service = await testService();
  });
  after(() => service.close());

  for (const [name, modalities, asked] of answered) {
    it(`answers ${name}`, async () => {
      const answer = await askPredict(service, await asked());
      const body = await answer.text();
      expect(`${answer.status} ${body}`).to.match(/^200 /);
      expect(answer.headers.get('content-type')).to.match(/^application\/json/);
      const document = predictResponseSchema.parse(JSON.parse(body));
      expect(document).to.include({ release: served.release, digest: served.digest });
      expect(document.text !== null).to.equal(modalities !== 'image');
      expect(document.image !== null).to.equal(modalities !== 'text');
      const { classes } = document;
      expect(classes.map((one) => one.class)).to.have.members(tinyClasses);
      expect(classes.reduce((sum, one) => sum + one.probability, 0)).to.be.closeTo(1, 1e-4);
      expect(classes).to.deep.equal(classes.toSorted((a, b) => b.probability - a.probability));
    });
  }

  it('answers as many classes as were asked for', async () => {
    for (const asked of [
      form(['designation', 'a'], ['top', '2']),
      json({ designation: 'a', top: 2 }),
    ]) {
      const answer = predictResponseSchema.parse(await (await askPredict(service, asked)).json());
      expect([answer.classes.length, answer.text?.length]).to.deep.equal([2, 2]);
    }
  });

  it('answers the same in both forms', async () => {
    const image = await noisyJpeg();
    const both = [
      form(['designation', 'spade'], ['image', image]),
      json({ designation: 'spade', image: image.toString('base64') }),
    ];
    const answers = await Promise.all(
      both.map(async (asked) => (await askPredict(service, asked)).json()),
    );
    expect(answers[0]).to.deep.equal(answers[1]);
  });

  it('gives back the request id it was given, or a new one for one that is not harmless', async () => {
    const withId = async (id: string) => {
      const { body, headers } = json({ designation: 'a' });
      const asked = { body, headers: { ...headers, 'x-request-id': id } } as Asked;
      return (await askPredict(service, asked)).headers.get('x-request-id');
    };
    expect(await withId('order-17')).to.equal('order-17');
    expect(await withId('a b"c')).to.match(/^[0-9a-f-]{36}$/);
  });

  it('survives clients that go away in the middle of their upload', async () => {
    const { hostname, port } = new URL(service.url);
    const head = [
      'POST /v1/predict HTTP/1.1',
      'Host: shop',
      `Authorization: ${service.authorization}`,
      'Content-Type: multipart/form-data; boundary=b',
      'Content-Length: 100000',
    ].join('\r\n');
    const begun =
      '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nabc';
    for (let i = 0; i < 20; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => {
          socket.write(`${head}\r\n\r\n${begun}`, () => {
            socket.destroy();
            resolve();
          });
        });
      });
    }
    expect((await askPredict(service, json({ designation: 'spade' }))).status).to.equal(200);
  });

  it('answers 503 with Retry-After when the uploads under way are too many', async () => {
    const small = await testService({ bodyBudgetBytes: 1000 });
    const answer = await askPredict(small, json({ description: 'x'.repeat(5000) }));
    expect([answer.status, answer.headers.get('retry-after')]).to.deep.equal([503, '1']);
    expect((await askPredict(small, json({ designation: 'spade' }))).status).to.equal(200);
    await small.close();
  });

  it('answers 503 with Retry-After when it would be too late', async () => {
    const program = new URL('../fixtures/unsteady-worker.ts', import.meta.url);
    const late = await testService({ predictDeadlineMs: 200 }, { program });
    const first = askPredict(late, json({ designation: 'silence' }));
    while (late.state.loaded?.engine.state().busy === 0) await new Promise(setImmediate);
    const answer = await askPredict(late, json({ designation: 'too late' }));
    expect(answer.status).to.equal(503);
    expect(Number(answer.headers.get('retry-after'))).to.be.at.least(1);
    expect((await first).status).to.equal(200);
    await late.close();
  });

  it('answers 503 before the upload where it is sure to be too late', async () => {
    const program = new URL('../fixtures/unsteady-worker.ts', import.meta.url);
    const late = await testService({ predictDeadlineMs: 1_000 }, { program });
    // Teaches the engine that a product takes longer than anybody waits.
    expect((await askPredict(late, json({ designation: 'silence' }))).status).to.equal(200);
    const first = askPredict(late, json({ designation: 'silence' }));
    while (late.state.loaded?.engine.state().busy === 0) await new Promise(setImmediate);
    const { hostname, port } = new URL(late.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /v1/predict HTTP/1.1\r\nHost: shop\r\nAuthorization: ${late.authorization}`;
    socket.write(`${head}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer))
      .to.match(/^HTTP\/1.1 503 /)
      .and.match(/\r\nRetry-After: \d+\r\n/);
    socket.destroy();
    expect((await first).status).to.equal(200);
    await late.close();
  });
});
