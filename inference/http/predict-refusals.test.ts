import { problemSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { noisyJpeg, pngBomb, svg } from '../fixtures/pictures.ts';
import { type Asked, askPredict, form, json, raw } from '../fixtures/requests.ts';
import { type TestService, testService } from '../fixtures/service.ts';

type Row = [
  status: number,
  part: string,
  says: RegExp,
  name: string,
  asked: () => Asked | Promise<Asked>,
];

const megabytes = (n: number) => Buffer.alloc(n * 2 ** 20);
const halfJpeg = async () => (await noisyJpeg()).subarray(0, 9000);
const withHeaders = (headers: Record<string, string>): Asked => {
  const asked = json({ designation: 'a' });
  return { ...asked, headers: { ...asked.headers, ...headers } };
};
const many = (n: number, value: string | Buffer, name: (i: number) => string) =>
  form(...Array.from({ length: n }, (_, i): [string, string | Buffer] => [name(i), value]));
const nothing = /at least one of designation, description and image/;

const refused: Row[] = [
  [401, 'Authorization', /no token/, 'no token', () => withHeaders({ authorization: '' })],
  [
    401,
    'Authorization',
    /no JWT/,
    'a wrong token',
    () => withHeaders({ authorization: 'Bearer nonsense' }),
  ],
  [415, 'Content-Type', /no Content-Type/, 'no body', () => ({})],
  [415, 'Content-Type', /text\/plain/, 'another content type', () => raw('a', 'text/plain')],
  [
    415,
    'Content-Encoding',
    /as it is/,
    'a content encoding',
    () => withHeaders({ 'content-encoding': 'gzip' }),
  ],
  [400, 'body', /at least one|no complete/, 'an empty form', () => form()],
  [400, 'body', nothing, 'an empty object', () => json({})],
  [400, 'body', nothing, 'blank fields', () => form(['designation', ' '], ['description', ''])],
  [400, 'body', /not JSON/, 'JSON that breaks off', () => json('{"designation": ')],
  [
    400,
    'body',
    /UTF-8/,
    'JSON that is not UTF-8',
    () => ({ ...json(''), body: new Uint8Array([0x7b, 0xff, 0x7d]) }),
  ],
  [
    400,
    'body',
    /10000 brackets/,
    '12 MiB of names',
    () => json(`{${'"a":0,'.repeat(2 ** 21)}"b":0}`),
  ],
  [422, 'body', /wrong/, 'JSON that is no object', () => json([1])],
  [422, 'designation', /designation/, 'a number as designation', () => json({ designation: 5 })],
  [
    400,
    'designatoin',
    /"designatoin" is not known/,
    'a misspelt field',
    () => json({ designatoin: 'a' }),
  ],
  [
    400,
    'designatoin',
    /"designatoin" is not known/,
    'a misspelt part',
    () => form(['designatoin', 'a']),
  ],
  [
    400,
    '',
    /"" is not known/,
    'a part without a name',
    () => raw('--b\r\nContent-Disposition: form-data; nam="a"\r\n\r\nspade\r\n--b--\r\n'),
  ],
  [
    400,
    'photo',
    /"photo" is not known/,
    'an unknown file',
    () => form(['photo', Buffer.from('x')]),
  ],
  [400, 'designation', /more than once/, 'a part twice', () => many(2, 'a', () => 'designation')],
  [400, 'image', /more than once/, 'two pictures', () => many(2, Buffer.from('x'), () => 'image')],
  [
    400,
    'image',
    /more than once/,
    '100 pictures',
    () => many(100, Buffer.from('x'), () => 'image'),
  ],
  [400, 'f0', /not known/, '10,000 fields', () => many(10_000, 'x', (i) => `f${i}`)],
  [
    400,
    'designation',
    /is a file/,
    'text as a file',
    () => form(['designation', Buffer.from('a')]),
  ],
  [400, 'image', /file name/, 'a picture as a field', () => form(['image', 'abc'])],
  [
    400,
    'body',
    /[Bb]oundary/,
    'a form without boundary',
    () => raw('--b--', 'multipart/form-data'),
  ],
  [
    400,
    'body',
    /no complete/,
    'a form that breaks off',
    () => raw('--b\r\nContent-Disposition: form-data; name="designation"\r\n\r\nspa'),
  ],
  [
    400,
    'body',
    /no complete/,
    'a form that breaks off in its picture',
    () => raw('--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nhalf'),
  ],
  [400, 'body', /no complete/, 'a form that is none', () => raw('hello')],
  [
    400,
    'designation',
    /not UTF-8/,
    'a form in Latin-1',
    () =>
      raw(
        Buffer.from(
          '--b\r\nContent-Disposition: form-data; name="designation"\r\n\r\nB\xeache\r\n--b--',
          'latin1',
        ),
      ),
  ],
  [
    422,
    'description',
    /longer/,
    'text of 1 MB in a form',
    () => form(['description', 'x'.repeat(2 ** 20)]),
  ],
  [
    422,
    'description',
    /1048576/,
    'text of 1 MB in JSON',
    () => json({ description: 'x'.repeat(2 ** 20) }),
  ],
  [
    422,
    'designation',
    /2001 characters/,
    'a long designation',
    () => json({ designation: 'x'.repeat(2001) }),
  ],
  [413, 'body', /16 MiB/, '20 MB in a form', () => form(['image', megabytes(20)])],
  [
    413,
    'body',
    /16 MiB/,
    '20 MB in JSON',
    () => json(`{"image":"${megabytes(20).toString('base64')}"}`),
  ],
  [
    413,
    'body',
    /16 MiB/,
    '20 MB without Content-Length',
    () => ({ ...json(''), body: new Blob([megabytes(20)]).stream() }),
  ],
  [
    422,
    'designation',
    /no word that the model knows/,
    'a text of no words',
    () => json({ designation: '\u0301' }),
  ],
  [
    422,
    'image',
    /cannot be decoded/,
    'half a JPEG beside a good text',
    async () => form(['designation', 'spade'], ['image', await halfJpeg()]),
  ],
  [422, 'image', /cannot be decoded/, 'half a JPEG', async () => form(['image', await halfJpeg()])],
  [
    422,
    'image',
    /cannot be decoded/,
    'half a JPEG in JSON',
    async () => json({ designation: 'a', image: (await halfJpeg()).toString('base64') }),
  ],
  [
    422,
    'image',
    /25 million pixels/,
    'a PNG of 16000 × 16000',
    async () => form(['image', await pngBomb()]),
  ],
  [422, 'image', /none of JPEG, PNG and WebP/, 'an SVG', () => form(['image', svg()])],
  [
    422,
    'image',
    /none of JPEG/,
    'a picture that is text',
    () => form(['image', Buffer.from('no picture')]),
  ],
  [
    422,
    'image',
    /cannot be decoded/,
    'a JPEG by its first bytes alone',
    () => form(['image', Buffer.from('ffd8ffe000104a46494600', 'hex')]),
  ],
  [422, 'image', /empty/, 'an empty picture', () => form(['image', Buffer.alloc(0)])],
  [422, 'image', /base64/, 'a picture that is no base64', () => json({ image: 'not base64!' })],
  [422, 'top', /1 to 100/, 'top of 0', () => json({ designation: 'a', top: 0 })],
  [
    422,
    'top',
    /1 to 100/,
    'top that is no number',
    () => form(['designation', 'a'], ['top', 'many']),
  ],
];

describe('POST /v1/predict refuses', () => {
  let service: TestService;
  before(async () => {
    service = await testService();
  });
  after(() => service.close());

  for (const [status, part, says, name, asked] of refused) {
    it(`${name} with ${status}`, async () => {
      const answer = await askPredict(service, await asked());
      const body = await answer.text();
      expect(`${answer.status} ${body}`).to.match(new RegExp(`^${status} `));
      expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
      const problem = problemSchema.parse(JSON.parse(body));
      expect(problem.detail).to.match(says);
      expect(problem.part).to.equal(part);
      expect(problem.requestId).to.equal(answer.headers.get('x-request-id'));
    });
  }

  it('nothing that is right, after all that', async () => {
    const asked = form(['designation', 'spade'], ['image', await noisyJpeg()]);
    expect((await askPredict(service, asked)).status).to.equal(200);
  });
});
