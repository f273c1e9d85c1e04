import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluationFactsSchema, evaluationSchema } from '@shelfwise/inference-contract';
import { keys, openStore, type Sample, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { type S3Service, startVersitygw } from '../../hack/services/versitygw.ts';
import { startProgram } from '../fixtures/program.ts';
import { colouredPicture, tinyClasses } from '../fixtures/tiny-bundle.ts';
import {
  publishHoldout,
  publishTinyRelease,
  type TinyStore,
  tinyStore,
} from '../fixtures/tiny-store.ts';
import { loadModel } from '../model/load.ts';

const release = 'shop-20261129-030000';
const champion = 'shop-20261122-030000';

describe('inference evaluate', () => {
  let place: TinyStore;
  let candidate: { release: string; digest: string };
  let holdout: Sample[];
  let dataset: string;

  before(async () => {
    place = await tinyStore();
    candidate = await publishTinyRelease(place, release);
    holdout = await someProducts(place, candidate);
    dataset = await publishHoldout(place.store, holdout);
  });
  after(() => place.remove());

  const run = (options: Record<string, string>, env: Record<string, string> = {}) =>
    startProgram(
      ['evaluate', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])],
      env,
    );
  const evaluate = (...given: Parameters<typeof run>) => run(...given).ended;
  const usual = () => ({ store: place.url, release, dataset });

  it('counts what the model says of the holdout, and writes it all to evaluation.json', async () => {
    const messagePath = join(place.dir, 'message');
    const gate = { metrics: [{ name: 'accuracy', minimum: '0.5' }] };
    const options = { ...usual(), digest: candidate.digest, gate: JSON.stringify(gate) };
    const { code, result } = await evaluate(options, { TERMINATION_MESSAGE_PATH: messagePath });
    expect(code, JSON.stringify(result)).to.equal(0);
    const facts = evaluationFactsSchema.parse(JSON.parse(await readFile(messagePath, 'utf8')));
    expect(result).to.deep.include(facts);
    expect(facts).to.deep.include({
      candidate,
      champion: null,
      championMetrics: null,
      dataset,
      gate,
    });
    // 12 products of which every fourth bears a class that the model does not say of it.
    expect(facts.holdout).to.deep.equal({
      products: 12,
      classes: new Set(holdout.map((one) => one.class)).size,
    });
    expect(facts.metrics.accuracy).to.equal(9 / 12);

    const evaluation = evaluationSchema.parse(
      JSON.parse((await place.store.read(keys.evaluation(release))).toString()),
    );
    expect(evaluation.facts).to.deep.equal(facts);
    const { classes, counts } = evaluation.candidate.confusion;
    expect(counts.flat().reduce((a, b) => a + b)).to.equal(12);
    expect(classes.reduce((sum, _, i) => sum + (counts[i]?.[i] ?? 0), 0)).to.equal(9);
    expect(evaluation.candidate.perClass.reduce((sum, one) => sum + one.support, 0)).to.equal(12);
  });

  it('draws it all on a page', async () => {
    const { result } = await evaluate(usual());
    expect(result.report).to.equal(`${place.url}/${keys.evaluationPage(release)}`);
    const html = (await place.store.read(keys.evaluationPage(release))).toString();
    expect(html).to.include(`Release ${release}`).and.to.include(candidate.digest);
    expect(html).to.include('0.7500').and.to.include('data:image/jpeg;base64,');
  });

  it('finds the same, and says it, where no page can be written', async () => {
    const { result: before } = await evaluate(usual());
    await place.store.remove(keys.evaluationPage(release));
    // A folder in its place: no file can be renamed to it.
    const page = join(place.dir, 'store', keys.evaluationPage(release));
    await mkdir(join(page, 'in the way'), { recursive: true });
    const again = run(usual());
    const { code, result } = await again.ended;
    await rm(page, { recursive: true });
    expect(code, again.stderr()).to.equal(0);
    expect(result.report).to.equal(null);
    expect(again.stderr()).to.include('the page was not written');
    for (const each of [before, result]) for (const key of ['seconds', 'report']) delete each[key];
    expect(result).to.deep.equal(before);
  });

  it('scores the champion on the same products', async () => {
    // The same model with its labels turned round: it says the wrong class of everything that the candidate gets right.
    const other = await publishTinyRelease(place, champion, {
      classes: [...tinyClasses.slice(1), tinyClasses[0] as string],
    });
    const { code, result } = await evaluate({
      ...usual(),
      'champion-release': other.release,
      'champion-digest': other.digest,
    });
    expect(code, JSON.stringify(result)).to.equal(0);
    expect(result.champion).to.deep.equal(other);
    expect((result.metrics as { accuracy: number }).accuracy).to.equal(9 / 12);
    expect((result.championMetrics as { accuracy: number }).accuracy).to.equal(0);
    expect(result.comparison).to.deep.include({
      products: 12,
      leftOut: 0,
      classes: tinyClasses.length,
      candidateOnly: 9,
      championOnly: 0,
      pValue: 2 ** -8,
      confidence: 0.95,
    });
    const evaluation = evaluationSchema.parse(
      JSON.parse((await place.store.read(keys.evaluation(release))).toString()),
    );
    // Six are described, and long enough for their language to be told; that is so for either model.
    for (const scores of [evaluation.candidate, evaluation.champion])
      expect(
        scores?.byLanguage.map(({ language, products }) => [language, products]),
      ).to.deep.equal([
        ['en', 6],
        [null, 6],
      ]);
  });

  it('judges an unreadable picture by its text, and what offers nothing as wrong', async () => {
    const [first] = holdout as [Sample];
    const jpeg = await colouredPicture('red');
    const odd = await publishHoldout(place.store, [
      { ...first, id: 'unreadable', description: null, picture: jpeg.subarray(0, 150) },
      { ...first, id: 'nothing', designation: '', description: null, picture: null },
    ]);
    const { code, result } = await evaluate({ ...usual(), dataset: odd });
    expect(code, JSON.stringify(result)).to.equal(0);
    const evaluation = evaluationSchema.parse(
      JSON.parse((await place.store.read(keys.evaluation(release))).toString()),
    );
    expect(evaluation.candidate).to.include({ unreadablePictures: 1, unanswered: 1 });
    expect(evaluation.facts.holdout.products).to.equal(2);
  });

  it('has null and not 0 where the holdout is empty', async () => {
    const { result } = await evaluate({
      ...usual(),
      dataset: await publishHoldout(place.store, []),
    });
    expect(result.metrics).to.deep.equal({ accuracy: null, macroF1: null, weightedF1: null });
  });

  it('shortens the list of lowest recalls, and nothing else, where class names are long', async () => {
    const wordy = Array.from({ length: 40 }, (_, i) => `${'très longue catégorie '.repeat(8)}${i}`);
    const products = wordy.map(
      (name, i): Sample => ({
        id: `w${i}`,
        designation: `w ${i}`,
        description: null,
        class: name,
        picture: null,
      }),
    );
    const messagePath = join(place.dir, 'long-message');
    const long = await publishHoldout(place.store, products);
    const { code } = await evaluate(
      { ...usual(), dataset: long },
      { TERMINATION_MESSAGE_PATH: messagePath },
    );
    expect(code).to.equal(0);
    const message = await readFile(messagePath);
    expect(message.length).to.be.at.most(4096);
    expect(
      evaluationFactsSchema.parse(JSON.parse(message.toString())).lowestRecalls.length,
    ).to.be.within(5, 31);
  });

  const none = `sha256:${'0'.repeat(64)}`;
  const refusals: {
    name: string;
    change: () => Record<string, string>;
    code: number;
    says: RegExp;
  }[] = [
    {
      name: 'a release that is not there',
      change: () => ({ release: 'shop-20990101-000000' }),
      code: 11,
      says: /releases\/shop-20990101-000000\/manifest\.json/,
    },
    {
      name: 'a dataset that is not there',
      change: () => ({ dataset: none }),
      code: 11,
      says: /datasets\/0{64}\/snapshot\.json/,
    },
    {
      name: 'another digest than the manifest names',
      change: () => ({ digest: none }),
      code: 11,
      says: /names the model tar sha256:[0-9a-f]{64}, but sha256:0{64}/,
    },
    {
      name: 'a champion without its digest',
      change: () => ({ 'champion-release': champion }),
      code: 10,
      says: /--champion-release and --champion-digest/,
    },
    {
      name: 'a gate that is no JSON',
      change: () => ({ gate: '{' }),
      code: 10,
      says: /--gate is wrong: must be JSON/,
    },
    {
      name: 'a confidence that no bound can have',
      change: () => ({ gate: '{"champion":{"confidence":"1.5"}}' }),
      code: 10,
      says: /champion\.confidence of --gate is "1\.5"/,
    },
    {
      name: 'a champion whose tar is gone',
      change: () => ({ 'champion-release': champion, 'champion-digest': none }),
      code: 11,
      says: /model-0{64}\.tar/,
    },
  ];
  for (const { name, change, code, says } of refusals) {
    it(`ends with ${code} for ${name}`, async () => {
      const ended = await evaluate({ ...usual(), ...change() });
      expect(ended.code).to.equal(code);
      expect(ended.result.message).to.match(says);
    });
  }

  it('does the same from S3', async () => {
    const s3: S3Service = await startVersitygw();
    const url = `s3://${s3.bucket}/prefix/team/shop`;
    const store = openStore(url, storeSettingsFromEnv(s3.env));
    const inS3 = await publishTinyRelease({ store, dir: place.dir }, release);
    await publishHoldout(store, holdout);
    const { code, result } = await evaluate({ ...usual(), store: url }, s3.env);
    expect(code, JSON.stringify(result)).to.equal(0);
    expect(result.candidate).to.deep.equal(inS3);
    expect((result.metrics as { accuracy: number }).accuracy).to.equal(9 / 12);
    await s3.stop();
  });
});

/** Twelve products with the classes that the model says of them, except for every fourth. */
async function someProducts(
  place: TinyStore,
  { release: name, digest }: { release: string; digest: string },
): Promise<Sample[]> {
  const model = await loadModel({
    store: place.store,
    release: name,
    digest,
    scratchDir: place.dir,
    workers: 1,
    queueCapacity: 100,
    patienceMs: 0,
    log: pino({ level: 'silent' }),
  });
  const products: Sample[] = [];
  for (let i = 0; i < 12; i++) {
    const picture =
      i % 3 === 0 ? await colouredPicture(`#${i}0${i}0ff`.slice(0, 7).padEnd(7, '0')) : null;
    const item = { designation: `thing number ${i}`, description: i % 2 === 0 ? 'of steel' : null };
    const { combined } = await model.engine.predict({
      ...item,
      picture: picture && new Uint8Array(picture),
    });
    const said = combined.indexOf(Math.max(...combined));
    const truth = tinyClasses[(said + (i % 4 === 0 ? 2 : 0)) % tinyClasses.length] as string;
    products.push({ id: `product-${i}`, ...item, class: truth, picture });
  }
  await model.close();
  return products;
}
