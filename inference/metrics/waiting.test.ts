import { expect } from 'chai';
import { Registry } from 'prom-client';
import { watchWaiting } from './waiting.ts';

describe('gauges of what waits for a prediction', () => {
  it('tell what is known at each scrape, and nothing while nothing is', async () => {
    const registry = new Registry();
    let known: { products: number; oldestSeconds: number } | undefined;
    watchWaiting(registry, () => known);
    const values = async () =>
      (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(await values()).to.deep.equal([]);
    known = { products: 3, oldestSeconds: 1.5 };
    expect(await values()).to.deep.equal([
      'shelfwise_inference_catalogue_pending_products 3',
      'shelfwise_inference_catalogue_pending_oldest_age_seconds 1.5',
    ]);
    known = undefined;
    expect(await values()).to.deep.equal([]);
  });
});
