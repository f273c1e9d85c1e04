import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, readManifest } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { run } from '../../hack/process/run.ts';
import { waitFor } from '../../hack/process/wait.ts';
import { type MlflowService, mlflowEnvironment, startMlflow } from '../../hack/services/mlflow.ts';
import { testIo } from '../snapshot/fixture.ts';
import { testSamples, writeDataset } from '../train/dataset.fixture.ts';
import { trainStep } from '../train/step.ts';
import { usualTimings } from './mlflow.ts';
import { startTracking, type TrackingSettings } from './tracking.ts';

interface MlflowRun {
  info: { run_id: string; run_name: string; status: string; end_time?: number };
  data: {
    metrics?: { key: string; value: number; step: number }[];
    params?: { key: string; value: string }[];
    tags?: { key: string; value: string }[];
  };
}

const fit = { step: 'train', phase: 'final fit', epochs: 2, batches: 2 };
const steps = [
  { ...fit, epoch: 1, batch: 1, loss: 1, accuracy: 0.25 },
  { ...fit, epoch: 1, batch: 2, loss: 0.5, accuracy: 0.5 },
  { ...fit, epoch: 2, batch: 1, loss: 0.25, accuracy: 0.75 },
  { ...fit, epoch: 2, batch: 2, loss: 0.125, accuracy: 1 },
];

describe('what is tracked of a training', function () {
  this.timeout(900_000);
  let mlflow: MlflowService;
  let folder: string;
  let lines: { level: number; msg: string }[];
  let settings: TrackingSettings;

  before(async () => {
    mlflow = await startMlflow();
  });
  after(() => mlflow?.stop());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tracking-'));
    lines = [];
    const experiment = `shop/${randomBytes(4).toString('hex')}`;
    settings = {
      store: openStore(`file://${folder}/store`, { region: '', forcePathStyle: true }),
      release: 'pictograms-20261122-030000',
      identity: { release: 'pictograms-20261122-030000', seed: 1 },
      params: { seed: 1, architecture: 'conv-fusion', epochs: 2, unset: undefined },
      tags: { 'shelfwise.dataset': `sha256:${'d'.repeat(64)}`, 'shelfwise.code.image': null },
      mlflow: { uri: mlflow.uri, experiment },
      scratchDir: folder,
      log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
      timings: { ...usualTimings, everyMs: 50, firstPauseMs: 50, longestPauseMs: 500 },
    };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function ask<T>(path: string, body?: object): Promise<T> {
    const url = `${mlflow.uri}/api/2.0/mlflow/${path}`;
    const answer = await fetch(url, {
      method: body ? 'POST' : 'GET',
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** All runs of this test's experiment. */
  async function runs(): Promise<MlflowRun[]> {
    const name = encodeURIComponent(settings.mlflow?.experiment ?? '');
    const { experiment } = await ask<{ experiment: { experiment_id: string } }>(
      `experiments/get-by-name?experiment_name=${name}`,
    );
    const query = { experiment_ids: [experiment.experiment_id] };
    return (await ask<{ runs?: MlflowRun[] }>('runs/search', query)).runs ?? [];
  }

  async function history(run: MlflowRun, key: string): Promise<[step: number, value: number][]> {
    const query = new URLSearchParams({ run_id: run.info.run_id, metric_key: key });
    type Answer = { metrics?: { step: number; value: number }[] };
    const { metrics = [] } = await ask<Answer>(`metrics/get-history?${query}`);
    return metrics
      .map(({ step, value }): [number, number] => [Number(step), value])
      .sort(([one], [other]) => one - other);
  }

  async function tensorboard(): Promise<Record<string, unknown>[]> {
    const environment = await mlflowEnvironment();
    const reader = new URL('../../hack/services/mlflow/read-back.py', import.meta.url);
    const events = join(folder, 'store', 'releases', settings.release, 'tensorboard');
    const text = await run(join(environment, 'bin', 'python'), [fileURLToPath(reader), events]);
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  const one = async () => {
    const all = await runs();
    expect(all, JSON.stringify(all)).to.have.length(1);
    return all[0] as MlflowRun;
  };
  const values = (pairs: { key: string; value: unknown }[] = []) =>
    Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

  it('is the same in MLflow and in TensorBoard: curves, settings, results', async () => {
    const tracking = startTracking(settings);
    tracking.progress({ step: 'train', phase: 'features', done: 1, total: 9, itemsPerSecond: 3 });
    for (const event of steps) tracking.progress(event);
    await tracking.results({ accuracy: 0.875, macroF1: 0.75 }, { 'shelfwise.digest': 'sha256:1' });
    expect(
      await readdir(join(folder, 'store', 'releases', settings.release, 'tensorboard')),
    ).to.have.length(1);
    await tracking.end('FINISHED');
    expect(lines.map(({ msg }) => msg)).to.deep.equal([]);

    const told = await one();
    expect(told.info.run_name).to.equal(settings.release);
    expect(told.info.status).to.equal('FINISHED');
    expect(told.info.end_time).to.be.greaterThan(0);
    expect(values(told.data.params)).to.deep.equal({
      seed: '1',
      architecture: 'conv-fusion',
      epochs: '2',
    });
    expect(values(told.data.tags)).to.include({
      'shelfwise.release': settings.release,
      'shelfwise.dataset': `sha256:${'d'.repeat(64)}`,
      'shelfwise.store': settings.store.url,
      'shelfwise.digest': 'sha256:1',
    });
    const curves: Record<string, [number, number][]> = {
      'final_fit/loss': [
        [1, 1],
        [2, 0.5],
        [3, 0.25],
        [4, 0.125],
      ],
      'final_fit/accuracy': [
        [1, 0.25],
        [2, 0.5],
        [3, 0.75],
        [4, 1],
      ],
      'final_fit/epoch_loss': [
        [1, 0.5],
        [2, 0.125],
      ],
      'final_fit/epoch_accuracy': [
        [1, 0.5],
        [2, 1],
      ],
      'validation/accuracy': [[0, 0.875]],
      'validation/macroF1': [[0, 0.75]],
    };
    expect(told.data.metrics?.map(({ key }) => key).sort()).to.deep.equal(
      Object.keys(curves).sort(),
    );
    for (const [name, points] of Object.entries(curves))
      expect(await history(told, name), name).to.deep.equal(points);

    const read = await tensorboard();
    for (const [name, points] of Object.entries(curves)) {
      const seen = read.filter((each) => each.name === name);
      expect(
        seen.map(({ step, value }) => [step, value]),
        name,
      ).to.deep.equal(points);
      for (const { seconds } of seen) expect(seconds).to.be.closeTo(Date.now() / 1000, 900);
    }
    const text = read.find(({ plugin }) => plugin === 'text');
    expect(text?.text).to.include('| architecture | conv-fusion |').and.to.include('| seed | 1 |');
    expect(new Set(read.map(({ name }) => name)).size).to.equal(Object.keys(curves).length + 1);
  });

  it('goes on in the same run when a training that was interrupted is taken up again', async () => {
    const first = startTracking(settings);
    for (const event of steps.slice(0, 2)) first.progress(event);
    // What is told to stop waits five seconds: on a slow machine not long enough for all that a run begins with.
    await waitFor(
      async () => (await history(await one(), 'final_fit/loss')).length === 2 || undefined,
      { what: 'the first values', limitMs: 300_000 },
    );
    await first.end('KILLED');
    const interrupted = await one();
    expect(interrupted.info.status).to.equal('KILLED');

    const second = startTracking(settings);
    await waitFor(async () => (await one()).info.status === 'RUNNING' || undefined, {
      what: 'the run to run again',
      limitMs: 300_000,
    });
    for (const event of steps.slice(2)) second.progress(event);
    await second.end('FINISHED');
    const whole = await one();
    expect(whole.info.run_id).to.equal(interrupted.info.run_id);
    expect(whole.info.status).to.equal('FINISHED');
    expect((await history(whole, 'final_fit/loss')).map(([step]) => step)).to.deep.equal([
      1, 2, 3, 4,
    ]);
    const losses = (await tensorboard()).filter(({ name }) => name === 'final_fit/loss');
    expect(losses.map(({ step }) => step)).to.deep.equal([1, 2, 3, 4]);
    expect(lines.map(({ msg }) => msg)).to.deep.equal([]);
  });

  it('of another training is another run, of an experiment that is there', async () => {
    await startTracking(settings).end('FINISHED');
    await startTracking({ ...settings, identity: { seed: 2 }, params: { seed: 2 } }).end('FAILED');
    const states = (await runs()).map(
      ({ info, data }) => `${values(data.params).seed} ${info.status}`,
    );
    expect(states.sort()).to.deep.equal(['1 FINISHED', '2 FAILED']);
  });

  it('arrives in more values than one call may hold', async () => {
    const tracking = startTracking(settings);
    for (let batch = 1; batch <= 2500; batch++)
      tracking.progress({ ...fit, epoch: 1, batch, batches: 2501, loss: 1 / batch });
    await tracking.end('FINISHED');
    const points = await history(await one(), 'final_fit/loss');
    expect(points).to.have.length(2500);
    expect(points[2499]).to.deep.equal([2500, 1 / 2500]);
  });

  it('waits in a buffer while the server is away, and is sent when it is back: one sentence for each', async () => {
    const tracking = startTracking(settings);
    tracking.progress(steps[0] as (typeof steps)[0]);
    await waitFor(
      async () => (await history(await one(), 'final_fit/loss')).length === 1 || undefined,
      {
        what: 'the first value',
        limitMs: 300_000,
      },
    );
    await mlflow.pause();
    for (const event of steps.slice(1)) tracking.progress(event);
    await waitFor(async () => (lines.length > 0 ? true : undefined), {
      what: 'a sentence about the outage',
      limitMs: 300_000,
    });
    await mlflow.start();
    await waitFor(
      async () => (await history(await one(), 'final_fit/loss')).length === 4 || undefined,
      {
        what: 'the other values',
        limitMs: 300_000,
      },
    );
    await tracking.end('FINISHED');
    expect((await one()).info.status).to.equal('FINISHED');
    expect(lines.map(({ level }) => level)).to.deep.equal([40, 30]);
    expect(lines[0]?.msg).to.match(
      /MLflow at http.* is not told of this training for now: .*The training goes on/,
    );
    expect(lines[1]?.msg).to.match(/is told of this training again/);
  });

  it('is refused in part where a parameter is not what it was, and the rest arrives', async () => {
    await startTracking(settings).end('FAILED');
    const tracking = startTracking({ ...settings, params: { seed: 7 } });
    tracking.progress(steps[0] as (typeof steps)[0]);
    await tracking.end('FINISHED');
    expect(lines.map(({ msg }) => msg).join('\n')).to.match(/refuses the parameters \(.*seed/);
    expect(await history(await one(), 'final_fit/loss')).to.deep.equal([[1, 1]]);
  });

  it('of a real training is what its manifest says', async () => {
    const { store } = settings;
    const { digest } = await writeDataset(store, await testSamples(60));
    const { io } = await testIo(folder);
    const config = { ...io.config, cacheHome: process.env.XDG_CACHE_HOME, mlflow: settings.mlflow };
    const again = () =>
      trainStep.run(
        [
          ...['--store', store.url, '--dataset', digest, '--release', settings.release],
          ...['--image-size', '64', '--epochs', '2', '--device', 'cpu'],
        ],
        { ...io, config, log: settings.log },
      );
    await again();
    const told = await one();
    const manifest = await readManifest(store, settings.release);
    expect(told.info.status).to.equal('FINISHED');
    expect(told.info.end_time).to.be.at.least(Date.parse(manifest.finishedAt));
    expect(values(told.data.params)).to.include({
      seed: '0',
      architecture: 'conv-fusion',
      epochs: '2',
      train: '60',
    });
    expect(values(told.data.tags)).to.include({ 'shelfwise.digest': manifest.tar.sha256 });
    const metrics = values(told.data.metrics);
    expect(metrics['validation/macroF1']).to.equal(manifest.metrics.macroF1);
    expect(metrics['final_fit/epoch_loss']).to.be.a('number');
    const names = (await tensorboard()).map(({ name }) => name);
    expect(names).to.include.members(Object.keys(metrics));

    // Its pod died right after the manifest, and MLflow was not told of its end; the next one says it.
    await ask('runs/update', { run_id: told.info.run_id, status: 'RUNNING' });
    await ask('runs/delete-tag', { run_id: told.info.run_id, key: 'shelfwise.digest' });
    await again();
    const ended = await one();
    expect(ended.info).to.include({ run_id: told.info.run_id, status: 'FINISHED' });
    expect(Number(ended.info.end_time)).to.equal(Date.parse(manifest.finishedAt));
    expect(values(ended.data.tags)).to.include({ 'shelfwise.digest': manifest.tar.sha256 });
    expect(values(ended.data.metrics)).to.deep.equal(metrics);

    // What has ended stays as it is; what MLflow was never told of is told as a whole.
    await ask('runs/set-tag', { run_id: told.info.run_id, key: 'mlflow.note.content', value: 'x' });
    await again();
    expect((await one()).info).to.deep.equal(ended.info);
    await ask('runs/delete', { run_id: told.info.run_id });
    await again();
    const anew = await one();
    expect(anew.info).to.include({ status: 'FINISHED' });
    expect(values(anew.data.metrics)['validation/macroF1']).to.equal(manifest.metrics.macroF1);
  });
});
