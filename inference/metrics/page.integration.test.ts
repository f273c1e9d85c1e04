import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { keys } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { waitFor } from '../../hack/process/wait.ts';
import { tool } from '../../hack/tools/tool.ts';
import { readConfig } from '../config.ts';
import { tinyClasses } from '../fixtures/tiny-bundle.ts';
import { tinyEvaluation } from '../fixtures/tiny-evaluation.ts';
import { publishTinyRelease, type TinyStore, tinyStore } from '../fixtures/tiny-store.ts';
import type { ServiceState } from '../http/service.ts';
import type { LoadedModel } from '../model/load.ts';
import { openModel } from '../serve/model.ts';
import { fewestPredictions } from './drift.ts';
import { createMetrics } from './metrics.ts';

const release = 'shop-20261122-030000';

describe('the page of metrics', () => {
  let from: TinyStore;
  let digest: string;
  let model: LoadedModel;
  const metrics = createMetrics();
  const state: ServiceState = { progress: 'starting', loaded: undefined, draining: false };

  before(async () => {
    from = await tinyStore();
    ({ digest } = await publishTinyRelease(from, release));
    const even = Object.fromEntries(tinyClasses.map((name) => [name, 100]));
    const evaluation = tinyEvaluation(release, digest, even);
    await from.store.write(keys.evaluation(release), Buffer.from(JSON.stringify(evaluation)));
    const config = readConfig({ SCRATCH_DIR: join(from.dir, 'scratch'), PREDICT_WORKERS: '1' });
    const io = {
      config,
      log: pino({ level: 'silent' }),
      signal: new AbortController().signal,
      progress: () => undefined,
    };
    model = await openModel({ store: from.store, release, digest, state, metrics }, io);
    metrics.watchDependencies(() => ({ database: true, store: false, oidc: undefined }));
  });
  after(async () => {
    await model?.close();
    await from?.remove();
  });

  const page = () => metrics.registry.metrics();
  const labels = () => `release="${release}",digest="${digest}"`;
  const predict = async (designation: string) =>
    state.loaded?.engine.predict({ designation, description: null, picture: null });

  it('tells classes and confidence from the start, and no drift before there is enough to tell', async () => {
    for (const name of tinyClasses)
      expect(await page()).to.contain(
        `shelfwise_inference_predictions_total{${labels()},class="${name}"} 0`,
      );
    await Promise.all(Array.from({ length: fewestPredictions - 1 }, () => predict('a red spade')));
    const seen = await page();
    expect(seen).to.contain(
      `shelfwise_inference_prediction_confidence_count{${labels()},given="text"} ${fewestPredictions - 1}`,
    );
    expect(seen).to.contain(
      `shelfwise_inference_drift_window_predictions{${labels()}} ${fewestPredictions - 1}`,
    );
    expect(seen).to.not.match(/^shelfwise_inference_drift_psi/m);
    expect(seen).to.contain('shelfwise_inference_dependency_up{dependency="database"} 1');
    expect(seen).to.contain('shelfwise_inference_dependency_up{dependency="store"} 0');
    expect(seen).to.not.contain('dependency="oidc"');
  });

  it('tells how far the answers are from those on the holdout', async () => {
    await predict('a red spade');
    const psi = await waitFor(
      async () => /^shelfwise_inference_drift_psi\{.*\} (.*)$/m.exec(await page())?.[1],
      { what: 'a drift figure', limitMs: 300_000 },
    );
    // All of one class, where a quarter was.
    expect(Number(psi)).to.be.greaterThan(1);
  });

  it('is to the liking of promtool', async () => {
    const promtool = await tool('promtool');
    const text = await page();
    const said = await new Promise<string>((resolve, reject) => {
      const child = execFile(promtool, ['check', 'metrics'], (error, stdout, stderr) =>
        error ? reject(new Error(`${stdout}${stderr}`, { cause: error })) : resolve(stderr),
      );
      child.stdin?.end(text);
    });
    expect(said).to.equal('');
  });
});
