import { expect } from 'chai';
import * as z from 'zod';
import { type TestService, testService } from '../../fixtures/service.ts';
import { problems } from '../../http/problems.ts';
import { jsonAnswer, jsonBody, route } from '../../http/route.ts';
import { openApiDocument } from '../document.ts';
import { curl, type Operation } from './operation.ts';
import { documentPage } from './page.ts';

describe('GET /docs', () => {
  let service: TestService;
  let html: string;
  let policy: string;
  before(async () => {
    service = await testService();
    const answer = await fetch(`${service.url}/docs`);
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([
      200,
      'text/html; charset=utf-8',
    ]);
    policy = answer.headers.get('content-security-policy') ?? '';
    html = await answer.text();
  });
  after(() => service?.close());

  it('loads and runs nothing, and the browser is told not to', () => {
    expect(policy)
      .to.match(/default-src 'none'/)
      .and.match(/frame-ancestors 'none'/);
    expect(policy).to.not.match(/unsafe|script-src|https?:/);
    expect(html).to.not.match(/<script|<link|<img|<iframe|\son\w+=|@import|url\(/i);
  });

  it('leads nowhere but to itself and its document', () => {
    const places = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => `#${id}`));
    const links = [...html.matchAll(/ href="([^"]+)"/g)].map(([, href]) => href as string);
    expect(links.length).to.be.above(50);
    for (const href of links.filter((one) => one !== '/openapi.json'))
      expect(places.has(href), href).to.equal(true);
  });

  it('explains every problem', () => {
    for (const code of Object.keys(problems)) expect(html).to.include(`id="problem-${code}"`);
  });
});

describe('the page of a document', () => {
  const evil = `<img src=x onerror=alert(1)> "quoted" 'and' & more`;
  const body = z
    .strictObject({ text: z.string().meta({ description: evil }) })
    .meta({ id: 'Evil' });
  const document = openApiDocument([
    route({
      method: 'post',
      path: '/v1/{id}',
      id: 'evil',
      summary: evil,
      description: evil,
      tag: 'predict',
      access: ['predict'],
      params: z.strictObject({ id: z.string().meta({ description: evil }) }),
      body: jsonBody(body, { example: { text: `it's ${evil}` } }),
      responses: { 200: jsonAnswer(evil, body) },
      handle: () => undefined,
    }),
  ]);

  it('shows text as text', () => {
    const html = documentPage(document);
    expect(html).to.not.include('<img');
    expect(html.split('&lt;img src=x').length).to.be.above(5);
  });

  it('gives lines for a shell that are quoted', () => {
    const operation = document.paths['/v1/{id}']?.post as Operation;
    expect(curl('post', '/v1/{id}', operation)).to.equal(
      [
        'curl -X POST "$SHELFWISE/v1/ID"',
        '-H "Authorization: Bearer $TOKEN"',
        "-H 'Content-Type: application/json'",
        `--data-binary '{"text":"it'\\''s <img src=x onerror=alert(1)> \\"quoted\\" '\\''and'\\'' & more"}'`,
      ].join(' \\\n  '),
    );
  });
});
