import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { type TestService, testService } from '../fixtures/service.ts';
import { problems } from '../http/problems.ts';
import type { OpenApiDocument } from './document.ts';
import type { Operation } from './page/operation.ts';

interface Called extends Operation {
  method: string;
  path: string;
}

/** Values for paths that are of something. What else is there is found to be not there, which is an answer, too. */
const places: Record<string, string> = {
  '/v2/models/{name}': '/v2/models/shop',
  '/v2/models/{name}/versions/{version}': '/v2/models/shop/versions/20261122-030000',
};

describe('the contract of the API', () => {
  let service: TestService;
  let document: OpenApiDocument;
  let admin: string;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  before(async () => {
    service = await testService();
    admin = await service.authorizationOf('admin');
    document = (await (await fetch(`${service.url}/openapi.json`)).json()) as OpenApiDocument;
    ajv.addSchema(document, 'document');
  });
  after(() => service.close());

  const operations = (): Called[] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({ method, path, ...(one as Operation) })),
    );

  /** A request of the operation with the first of its examples, or with what is told. */
  async function call(
    { method, path, requestBody }: Called,
    more: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Response> {
    const base = Object.keys(places)
      .filter((one) => path.startsWith(one))
      .at(-1);
    const at = (base === undefined ? path : path.replace(base, places[base] as string)).replaceAll(
      /\{\w+\}/g,
      'nothing-of-this-name',
    );
    const [type, media] =
      Object.entries(requestBody?.content ?? {}).find(([, one]) => one.example !== undefined) ?? [];
    const example = media?.example;
    const body = more.body ?? (typeof example === 'string' ? example : JSON.stringify(example));
    return fetch(service.url + at, {
      method: method.toUpperCase(),
      headers: {
        authorization: admin,
        ...(type !== undefined && { 'content-type': type }),
        ...more.headers,
      },
      ...(body !== undefined && method !== 'get' && { body }),
    });
  }

  /** Throws unless each of the documents is of the schema that stands at the end of the path in the document. */
  function ofSchema(where: string, path: string[], documents: unknown[]): void {
    const pointer = path
      .map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const valid = ajv.getSchema(`document#/${pointer}`);
    if (!valid) throw new Error(`${where}: no schema at ${pointer}`);
    for (const each of documents) {
      valid(each);
      expect(valid.errors, `${where} ${JSON.stringify(each).slice(0, 500)}`).to.equal(null);
    }
  }

  const linesOf = (text: string): unknown[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  /** Throws unless the answer is one that the document foresees, of the shape that it has there. */
  async function foreseen(one: Called, answer: Response): Promise<void> {
    const where = `${one.method} ${one.path}: ${answer.status}`;
    const type = (answer.headers.get('content-type') ?? '').split(';')[0] as string;
    const text = await answer.text();
    const told = one.responses[answer.status];
    expect(told, `${where} ${text.slice(0, 500)}`).to.not.equal(undefined);
    expect(answer.headers.get('x-request-id'), where).to.match(/./);
    if (text === '') return;
    expect(Object.keys(told?.content ?? {}), where).to.include(type);
    if (!type.endsWith('json')) return;
    const documents = type === 'application/x-ndjson' ? linesOf(text) : [JSON.parse(text)];
    const { path, method } = one;
    ofSchema(
      where,
      ['paths', path, method, 'responses', String(answer.status), 'content', type, 'schema'],
      documents,
    );
  }

  it('is a valid document of OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(valid, JSON.stringify(errors, null, 1)).to.equal(true);
  });

  it('holds examples that are of their schemas', () => {
    for (const { path, method, requestBody } of operations()) {
      for (const [type, { example }] of Object.entries(requestBody?.content ?? {})) {
        if (example === undefined) continue;
        const documents = typeof example === 'string' ? linesOf(example) : [example];
        ofSchema(
          path,
          ['paths', path, method, 'requestBody', 'content', type, 'schema'],
          documents,
        );
      }
    }
  });

  it('is kept by every operation that is asked with its example', async () => {
    for (const one of operations()) await foreseen(one, await call(one));
  });

  it('is kept by every operation that is asked by nobody', async () => {
    for (const one of operations()) {
      const answer = await call(one, { headers: { authorization: '' } });
      if (one.security.length > 0) expect(answer.status, one.path).to.equal(401);
      await foreseen(one, answer);
    }
  });

  it('is kept by every operation that is asked for another form', async () => {
    for (const one of operations()) {
      const answer = await call(one, { headers: { accept: 'application/x-nothing' } });
      const forms = Object.values(one.responses).flatMap(({ content }) =>
        Object.keys(content ?? {}),
      );
      if (forms.some((form) => form !== 'application/problem+json'))
        expect(answer.status, `${one.method} ${one.path}`).to.equal(406);
      await foreseen(one, answer);
    }
  });

  it('is kept by every operation that is sent something else', async () => {
    const wrong = [
      { 'content-type': 'text/html' },
      { 'content-encoding': 'gzip' },
      { 'content-type': 'application/json' },
    ];
    for (const one of operations().filter(({ requestBody }) => requestBody?.required)) {
      for (const headers of wrong) {
        const answer = await call(one, {
          headers: headers as Record<string, string>,
          body: '{"a":',
        });
        expect(answer.status, `${one.path} ${JSON.stringify(headers)}`).to.be.within(400, 499);
        await foreseen(one, answer);
      }
    }
  });

  it('answers 405 with Allow to other methods, and OPTIONS and HEAD as HTTP has them', async () => {
    for (const path of ['/v1/predict', '/openapi.json', '/healthz']) {
      const wrong = await fetch(service.url + path, { method: 'DELETE' });
      expect([path, wrong.status]).to.deep.equal([path, 405]);
      expect(wrong.headers.get('allow')).to.match(/GET|POST/);
      const problem = (await wrong.json()) as { type: string; status: number };
      expect(problem.status).to.equal(problems['method-not-allowed'].status);
      const options = await fetch(service.url + path, { method: 'OPTIONS' });
      expect([options.status, await options.text()]).to.deep.equal([200, '']);
      expect(options.headers.get('allow')).to.equal(wrong.headers.get('allow'));
    }
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) => fetch(`${service.url}/openapi.json`, { method })),
    );
    expect([head?.status, await head?.text()]).to.deep.equal([200, '']);
    expect(head?.headers.get('content-length')).to.equal(get?.headers.get('content-length'));
    const unknown = await fetch(`${service.url}/v1/nowhere`);
    expect([unknown.status, unknown.headers.get('content-type')]).to.deep.equal([
      404,
      'application/problem+json',
    ]);
  });
});
