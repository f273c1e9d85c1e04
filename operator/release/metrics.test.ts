import { expect } from 'chai';
import { Registry } from 'prom-client';
import type { ModelRelease } from '../api/model-release.ts';
import { Cluster } from './fixtures/cluster.ts';
import { evaluateMessage, snapshotMessage } from './fixtures/messages.ts';
import { createReleaseMetrics } from './metrics.ts';

async function seriesOf(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

describe('metrics of ModelReleases', () => {
  it('tell of each what it does, what serves and when it last went well, and count how runs ended', async () => {
    const registry = new Registry();
    const cluster = new Cluster();
    let all: Pick<ModelRelease, 'metadata' | 'status'>[] = [];
    const metrics = createReleaseMetrics(registry, 'shelfwise_operator_', () => all);
    const step = () => {
      metrics.done(cluster.step());
      all = [cluster.modelRelease];
      return seriesOf(registry);
    };
    const of = (name: string) =>
      `shelfwise_operator_modelrelease_${name}{namespace="shop",name="pictograms"}`;

    const begun = await step();
    expect(begun[of('run_active')]).to.equal(1);
    expect(begun[of('ready')]).to.equal(0);
    expect(begun).to.not.have.property(of('serving_accuracy'));
    expect(begun).to.not.have.property(of('last_success_timestamp_seconds'));
    expect(begun[of('next_run_timestamp_seconds')]).to.equal(
      Date.parse('2026-11-22T03:00:00Z') / 1000,
    );

    cluster.succeed('snapshot', snapshotMessage());
    await step();
    cluster.succeed('train', undefined);
    await step();
    cluster.succeed('evaluate', evaluateMessage(cluster.question()));
    await step();
    cluster.becomeReady();
    const served = await step();
    expect(served[of('run_active')]).to.equal(0);
    expect(served[of('ready')]).to.equal(1);
    expect(served[of('serving_accuracy')]).to.be.within(0.5, 1);
    expect(served[of('last_success_timestamp_seconds')]).to.equal(cluster.now.getTime() / 1000);
    const runs = (outcome: string, reason: string) =>
      `shelfwise_operator_runs_total{outcome="${outcome}",reason="${reason}"}`;
    expect(served[runs('Served', 'Served')]).to.equal(1);

    cluster.now = new Date('2026-11-22T03:00:00Z');
    await step();
    cluster.fail('snapshot', { exitCode: 21 });
    const failed = await step();
    expect(failed[runs('RunFailed', 'StoreUnreachable')]).to.equal(1);
    expect(failed[of('degraded')]).to.equal(1);
    expect(failed[of('serving_accuracy')]).to.be.within(0.5, 1);

    all = [];
    expect(
      Object.keys(await seriesOf(registry)).filter((name) => name.includes('pictograms')),
    ).to.deep.equal([]);
  });
});
