import { problemSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { noisyJpeg, svg } from '../fixtures/pictures.ts';
import { served, type TestService, testService } from '../fixtures/service.ts';
import { tinyClasses } from '../fixtures/tiny-bundle.ts';
import { writeBytes } from './bytes.ts';
import { inferResponseSchema } from './schemas.ts';

const tensor = (name: string, data: unknown[], more: object = {}) => ({
  name,
  shape: [data.length],
  datatype: 'BYTES',
  data,
  ...more,
});
const words = tensor('designation', ['spade', 'hose']);

describe('POST /v2/models/{name}/infer', () => {
  let service: TestService;
  before(async () => {
    service = await testService();
  });
  after(() => service.close());

  function ask(
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string> = {},
    path = '/v2/models/shop/infer',
  ): Promise<Response> {
    return fetch(service.url + path, {
      method: 'POST',
      headers: {
        authorization: service.authorization,
        'content-type': 'application/json',
        ...headers,
      },
      body,
    });
  }
  const inputs = (...all: unknown[]) => JSON.stringify({ inputs: all });

  it('answers labels and probabilities, and the names of the classes where they are asked for', async () => {
    const body = {
      id: 'x',
      inputs: [words],
      outputs: ['label', 'probabilities', 'classes'].map((name) => ({ name })),
    };
    const answer = await ask(JSON.stringify(body));
    const document = inferResponseSchema.parse(await answer.json());
    expect(document).to.deep.include({
      model_name: 'shop',
      model_version: '20261122-030000',
      id: 'x',
    });
    expect(document.parameters).to.deep.equal({ release: served.release, digest: served.digest });
    const [label, probabilities, classes] = document.outputs;
    expect(classes?.data).to.deep.equal(tinyClasses);
    expect(probabilities?.shape).to.deep.equal([2, tinyClasses.length]);
    const first = ((probabilities?.data ?? []) as number[]).slice(0, tinyClasses.length);
    expect(label?.data?.[0]).to.equal(tinyClasses[first.indexOf(Math.max(...first))]);
  });

  it('answers the same with a picture in base64, in binary form, and where single predictions are asked for', async () => {
    const image = await noisyJpeg();
    const binary = writeBytes([]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(image.length);
    const tail = Buffer.concat([binary, length, image]);
    const head = inputs({
      name: 'image',
      shape: [1, 1],
      datatype: 'BYTES',
      parameters: { binary_data_size: tail.length },
    });
    const single = await fetch(`${service.url}/v1/predict`, {
      method: 'POST',
      headers: { authorization: service.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ image: image.toString('base64') }),
    });
    const { classes } = (await single.json()) as { classes: { class: string }[] };
    const answers = await Promise.all([
      ask(inputs(tensor('image', [image.toString('base64')]))),
      ask(new Uint8Array(Buffer.concat([Buffer.from(head), tail])), {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(Buffer.byteLength(head)),
      }),
    ]);
    const [json, raw] = await Promise.all(answers.map((answer) => answer.json()));
    expect(raw).to.deep.equal(json);
    expect(inferResponseSchema.parse(json).outputs[0]?.data).to.deep.equal([classes[0]?.class]);
  });

  const head = (size: unknown) =>
    inputs({
      name: 'designation',
      shape: [1],
      datatype: 'BYTES',
      parameters: { binary_data_size: size },
    });
  const withTail = (size: unknown, tail: number[], length = head(size).length) => ({
    body: new Uint8Array([...Buffer.from(head(size)), ...tail]),
    headers: { 'inference-header-content-length': String(length) },
  });

  const refused: [
    status: number,
    part: string,
    says: RegExp,
    name: string,
    asked: {
      body: NonNullable<RequestInit['body']>;
      headers?: Record<string, string>;
      path?: string;
    },
  ][] = [
    [
      401,
      'Authorization',
      /no token/,
      'no token',
      { body: inputs(words), headers: { authorization: '' } },
    ],
    [
      404,
      'name',
      /shop is the one/,
      'another model',
      { body: inputs(words), path: '/v2/models/other/infer' },
    ],
    [
      404,
      'version',
      /20261122-030000 is the one/,
      'another version',
      { body: inputs(words), path: '/v2/models/shop/versions/1/infer' },
    ],
    [
      415,
      'Content-Type',
      /text\/html/,
      'another content type',
      { body: inputs(words), headers: { 'content-type': 'text/html' } },
    ],
    [
      415,
      'Content-Encoding',
      /as it is/,
      'compression',
      { body: inputs(words), headers: { 'content-encoding': 'gzip' } },
    ],
    [400, 'body', /not JSON/, 'JSON that breaks off', { body: '{"inputs":' }],
    [422, 'inputs', /inputs/, 'no inputs', { body: '{}' }],
    [422, 'inputs', /inputs/, 'an empty list of inputs', { body: inputs() }],
    [
      400,
      'colour',
      /"colour" is not known/,
      'an unknown input',
      { body: inputs(tensor('colour', ['red'])) },
    ],
    [400, 'designation', /more than once/, 'an input twice', { body: inputs(words, words) }],
    [
      422,
      'designation',
      /BYTES, not FP32/,
      'another datatype',
      { body: inputs({ ...words, datatype: 'FP32' }) },
    ],
    [
      422,
      'designation',
      /\[N, 1\]/,
      'another shape',
      { body: inputs({ ...words, shape: [1, 2] }) },
    ],
    [
      422,
      'designation',
      /from 1 to 32, not \[0\]/,
      'no product',
      { body: inputs({ ...words, shape: [0], data: [] }) },
    ],
    [
      422,
      'designation',
      /from 1 to 32, not \[33\]/,
      'too many products',
      { body: inputs(tensor('designation', Array(33).fill('a'))) },
    ],
    [
      422,
      'designation',
      /says 3 elements, and its data hold 2/,
      'data that are not of their shape',
      { body: inputs({ ...words, shape: [3] }) },
    ],
    [
      422,
      'designation',
      /neither data/,
      'no data',
      { body: inputs({ name: 'designation', shape: [1], datatype: 'BYTES' }) },
    ],
    [
      422,
      'designation',
      /strings/,
      'numbers as text',
      { body: inputs(tensor('designation', [1])) },
    ],
    [
      422,
      'inputs',
      /2 and 1/,
      'inputs of unequal number',
      { body: inputs(words, tensor('description', ['a'])) },
    ],
    [
      422,
      'image[1]',
      /Product 1: .*none of JPEG/,
      'a picture that is none',
      { body: inputs(words, tensor('image', ['', svg().toString('base64')])) },
    ],
    [
      422,
      'image[0]',
      /Product 0: .*base64/,
      'a picture that is no base64',
      { body: inputs(tensor('image', ['x'])) },
    ],
    [
      400,
      'body[1]',
      /Product 1: Nothing/,
      'a product without anything',
      { body: inputs(tensor('designation', ['a', ''])) },
    ],
    [
      400,
      'outputs',
      /"logits" is not known/,
      'an unknown output',
      { body: JSON.stringify({ inputs: [words], outputs: [{ name: 'logits' }] }) },
    ],
    [
      422,
      'outputs',
      /classification/,
      'a classification',
      {
        body: JSON.stringify({
          inputs: [words],
          outputs: [{ name: 'label', parameters: { classification: 3 } }],
        }),
      },
    ],
    [
      400,
      'Inference-Header-Content-Length',
      /number of bytes/,
      'a header that is too long',
      withTail(0, [], 10_000),
    ],
    [
      400,
      'Inference-Header-Content-Length',
      /number of bytes/,
      'a header that is no number',
      { body: inputs(words), headers: { 'inference-header-content-length': '-1' } },
    ],
    [400, 'body', /belong to no input/, 'bytes of no input', withTail(5, [1, 0, 0, 0, 97, 98])],
    [
      422,
      'designation',
      /where 3 are left/,
      'fewer bytes than are announced',
      withTail(5, [1, 0, 0]),
    ],
    [
      422,
      'designation',
      /1 elements of its shape/,
      'an element that is longer than its tensor',
      withTail(5, [200, 0, 0, 0, 97]),
    ],
    [422, 'designation', /1 elements of its shape/, 'half a length', withTail(2, [1, 0])],
    [
      422,
      'designation',
      /binary_data_size/,
      'a size that is no number',
      withTail('5', [1, 0, 0, 0, 97]),
    ],
    [422, 'designation[0]', /UTF-8/, 'text that is not UTF-8', withTail(5, [1, 0, 0, 0, 0xff])],
  ];
  for (const [status, part, says, name, { body, headers, path }] of refused) {
    it(`refuses ${name} with ${status}, in words for its clients, too`, async () => {
      const answer = await ask(body, headers, path);
      const text = await answer.text();
      expect(`${answer.status} ${text}`).to.match(new RegExp(`^${status} `));
      const problem = problemSchema.parse(JSON.parse(text));
      expect(problem.detail).to.match(says);
      expect(problem.part).to.equal(part);
      expect(problem).to.include({ error: problem.detail });
    });
  }
});
