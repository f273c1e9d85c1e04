import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { keys, StepError, type Store, StoreUnreachable } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { failure } from '../fixtures/failure.ts';
import { publishTinyRelease, type TinyStore, tinyStore } from '../fixtures/tiny-store.ts';
import { fetchModelTar } from './fetch.ts';
import { type LoadSettings, loadModel } from './load.ts';

const log = pino({ level: 'silent' });
const release = 'shop-20261122-030000';

describe('loading a model', () => {
  let place: TinyStore;
  const scratch = () => join(place.dir, 'scratch');

  beforeEach(async () => {
    place = await tinyStore();
  });
  afterEach(() => place.remove());

  const load = (digest: string, settings: Partial<LoadSettings> = {}) =>
    loadModel({
      store: place.store,
      release,
      digest,
      scratchDir: scratch(),
      workers: 1,
      queueCapacity: 16,
      patienceMs: 0,
      log,
      ...settings,
    });

  it('verifies, replays, then answers; leaves no file behind once closed', async () => {
    const { digest } = await publishTinyRelease(place, release);
    const steps: string[] = [];
    const model = await load(digest, {
      onProgress: (doing) => steps.push(doing.split(' ')[0] as string),
    });
    expect(steps).to.deep.equal(['downloading', 'verifying', 'loading', 'replaying']);
    const answer = await model.engine.predict({
      designation: 'spade',
      description: null,
      picture: null,
    });
    expect(answer.combined).to.have.length(4);
    await model.close();
    expect(await readdir(scratch())).to.deep.equal([]);
  });

  const refusals: { name: string; publish: () => Promise<string>; says: RegExp }[] = [
    {
      name: 'a tar with one flipped bit',
      async publish() {
        const { digest } = await publishTinyRelease(place, release);
        const key = keys.model(release, digest);
        const tar = await place.store.read(key);
        tar[5000] = (tar[5000] as number) ^ 1;
        await place.store.write(key, tar);
        return digest;
      },
      says: /has the digest sha256:.*, not sha256:.*: it was changed after it was published/,
    },
    {
      name: 'a tar that was cut off',
      async publish() {
        const { digest } = await publishTinyRelease(place, release);
        const key = keys.model(release, digest);
        const tar = await place.store.read(key);
        await place.store.write(key, tar.subarray(0, tar.length / 2));
        return digest;
      },
      says: /has the digest sha256:.*, not sha256:/,
    },
    {
      name: 'a tar that is not there',
      publish: async () => `sha256:${'0'.repeat(64)}`,
      says: /no object releases\/shop-20261122-030000\/model-0{64}\.tar/,
    },
    {
      name: 'golden answers that the model does not give',
      publish: async () => {
        const wrong = await publishTinyRelease(place, release, {
          golden: (golden) => {
            const second = golden.cases[1];
            second?.probabilities.reverse();
            return golden;
          },
        });
        return wrong.digest;
      },
      says: /The model fails case 2 of golden\.json, probabilities: for class "\w+" it gives 0\.\d+, golden\.json says 0\.\d+ \(tolerance 0\.001\)/,
    },
    {
      name: 'golden answers of one modality that the model does not give',
      publish: async () => {
        const wrong = await publishTinyRelease(place, release, {
          golden: (golden) => {
            golden.cases[2]?.picture.reverse();
            return golden;
          },
        });
        return wrong.digest;
      },
      says: /The model fails case 3 of golden\.json, picture:/,
    },
    {
      name: 'a golden picture that cannot be read',
      publish: async () => {
        const wrong = await publishTinyRelease(place, release, {
          golden: ({ cases, ...golden }) => ({
            ...golden,
            cases: cases.map((one) => ({ ...one, image: one.image?.slice(0, 40) ?? null })),
          }),
        });
        return wrong.digest;
      },
      says: /The model fails case 1 of golden\.json: The picture cannot be decoded/,
    },
    {
      name: 'a model that is no ONNX',
      publish: async () =>
        (await publishTinyRelease(place, release, { model: Buffer.from('no model') })).digest,
      says: /The engine refuses model\.onnx of shop-20261122-030000: /,
    },
  ];
  for (const { name, publish, says } of refusals) {
    it(`refuses ${name}, as bad data, and cleans up`, async () => {
      const error = await failure(load(await publish()));
      expect(error).to.be.instanceOf(StepError).with.property('reason', 'BadData');
      expect(error?.message).to.match(says);
      expect(await readdir(scratch())).to.deep.equal([]);
    });
  }
});

describe('downloading a model tar', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const other = `sha256:${'b'.repeat(64)}`;
  const url = 's3://bucket/shop';

  /** A store that answers each download with the next of these. */
  function storeOf(answers: (string | Error)[]): Store {
    return {
      url,
      readToFile: async () => {
        const next = answers.shift() ?? new Error('asked too often');
        if (next instanceof Error) throw next;
        return { sha256: next, size: 1 };
      },
    } as Partial<Store> as Store;
  }

  const cases: { name: string; answers: (string | Error)[]; pauses: number[]; error?: RegExp }[] = [
    { name: 'takes what has the digest', answers: [digest], pauses: [] },
    { name: 'tries a wrong digest once more', answers: [other, digest], pauses: [250] },
    {
      name: 'refuses what is wrong twice',
      answers: [other, other],
      pauses: [250],
      error: /was changed after/,
    },
    {
      name: 'tries an unreachable store again, at growing intervals',
      answers: [
        new StoreUnreachable('a'),
        new StoreUnreachable('b'),
        new StoreUnreachable('c'),
        digest,
      ],
      pauses: [250, 500, 1000],
    },
    {
      name: 'gives up an unreachable store after its patience',
      answers: Array.from({ length: 20 }, () => new StoreUnreachable('no route')),
      pauses: [250, 500, 1000, 2000, 4000],
      error: /no route/,
    },
    {
      name: 'does not try again what cannot get better',
      answers: [new Error('disk full')],
      pauses: [],
      error: /disk full/,
    },
  ];
  for (const { name, answers, pauses, error } of cases) {
    it(name, async () => {
      let time = 0;
      const slept: number[] = [];
      const sleep = async (ms: number) => {
        slept.push(ms);
        time += ms;
      };
      const settings = {
        store: storeOf(answers),
        release,
        digest,
        dir: '/nowhere',
        log,
        patienceMs: 10_000,
      };
      const outcome = await failure(fetchModelTar({ ...settings, sleep, now: () => time }));
      expect(slept).to.deep.equal(pauses);
      if (error) expect(outcome?.message).to.match(error);
      else expect(outcome).to.equal(undefined);
    });
  }
});
