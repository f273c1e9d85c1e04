import { expect } from 'chai';
import { parseMetrics, sum } from './metrics.ts';

const text = `# HELP a_total Things.
# TYPE a_total counter
a_total{verb="get",code="200"} 3
a_total{verb="get",code="404"} 1
a_total{verb="list",code="200"} 5
b 1.5e3
c{text="say \\"so\\", please"} NaN
`;

describe('metrics as text', () => {
  const samples = parseMetrics(text);

  it('are read with labels and values', () => {
    expect(samples).to.have.length(5);
    expect(samples[3]).to.deep.equal({ name: 'b', labels: {}, value: 1500 });
    expect(samples[4]?.labels).to.deep.equal({ text: 'say \\"so\\", please' });
  });

  it('are added up by labels', () => {
    expect(sum(samples, 'a_total')).to.equal(9);
    expect(sum(samples, 'a_total', { verb: 'get' })).to.equal(4);
    expect(sum(samples, 'a_total', { verb: 'get', code: '200' })).to.equal(3);
    expect(sum(samples, 'nothing')).to.equal(0);
  });
});
