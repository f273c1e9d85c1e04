import { expect } from 'chai';
import { type TestService, testService } from '../fixtures/service.ts';
import type { OpenApiDocument } from './document.ts';

describe('GET /openapi.json', () => {
  let service: TestService;
  let document: OpenApiDocument;
  before(async () => {
    service = await testService();
    document = (await (await fetch(`${service.url}/openapi.json`)).json()) as OpenApiDocument;
  });
  after(() => service.close());

  it('names every operation once', () => {
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((one) => (one as { operationId: string }).operationId),
    );
    expect(ids).to.include.members(['predict', 'createToken', 'ready', 'openApiDocument']);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('refers to nothing that it does not hold', () => {
    const references = JSON.stringify(document).matchAll(
      /"\$ref":"#\/components\/schemas\/(.+?)"/g,
    );
    for (const [, name] of references)
      expect(document.components.schemas).to.have.property(name as string);
  });
});
