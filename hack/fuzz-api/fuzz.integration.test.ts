import { expect } from 'chai';
import { fuzz } from './schemathesis.ts';
import { startWholeService, type WholeService } from './service.ts';

describe('the HTTP API, asked at random by its own document', () => {
  let service: WholeService | undefined;

  before(async () => {
    service = await startWholeService();
  });
  after(() => service?.stop());

  it('answers nothing with 5xx, and nothing that the document does not say', async () => {
    const report = await fuzz(service as WholeService, {
      seed: 1,
      examples: 5,
      phases: 'fuzzing',
    });
    expect(report.failures, report.words).to.deep.equal([]);
    expect(report.tested).to.equal(report.selected);
    expect(report.cases).to.be.greaterThan(report.tested);
  });
});
