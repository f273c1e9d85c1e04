import type { Evaluation } from '@shelfwise/inference-contract';
import { readSnapshot, type Sample } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { type Scripted, scriptedAnswers } from '../../fixtures/scripted-answers.ts';
import { colouredPicture } from '../../fixtures/tiny-bundle.ts';
import { publishHoldout, type TinyStore, tinyStore } from '../../fixtures/tiny-store.ts';
import { compare } from '../comparison.ts';
import { factsOf, scoresOf } from '../facts.ts';
import { gateNumbers } from '../gate.ts';
import { evaluationPage } from './page.ts';

const hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e';
const subject = (letter: string) => ({
  release: `shop-2026112${letter === 'a' ? 9 : 2}-030000`,
  digest: `sha256:${letter.repeat(64)}`,
});

describe('the page of an evaluation', () => {
  let place: TinyStore;
  before(async () => {
    place = await tinyStore();
  });
  after(() => place.remove());

  /** A page about products that are all called the same, every third of them with a picture. */
  async function pageOf(options: {
    labels: string[];
    products: number;
    text: string;
    championLabels?: string[] | null;
    training?: object;
    picture?: Buffer;
  }): Promise<string> {
    const { labels, products, text, championLabels = null, training = {} } = options;
    const picture = options.picture ?? (await colouredPicture('red'));
    const classOf = (i: number) => labels[i % labels.length] as string;
    const script = (known: string[], shift: number) =>
      Array.from(
        { length: products },
        (_, i): Scripted => ({
          truth: classOf(i),
          says: known.map((_, j) => (j === (i + (i % shift === 0 ? 1 : 0)) % known.length ? 1 : 0)),
          language: i % 2 === 0 ? 'fr' : '',
        }),
      );
    const samples = Array.from(
      { length: products },
      (_, i): Sample => ({
        id: `${text}${i}`,
        designation: text,
        description: text,
        class: classOf(i),
        picture: i % 3 === 0 ? picture : null,
      }),
    );
    const dataset = await publishHoldout(place.store, samples);
    const candidate = await scriptedAnswers(labels, script(labels, 2));
    const champion =
      championLabels &&
      (await scriptedAnswers(championLabels, script(championLabels, 3), candidate));
    const { classes, languages } = candidate;
    const found = {
      candidate: scoresOf(candidate, candidate),
      champion: champion && scoresOf(champion, champion),
      comparison: champion && compare(candidate, champion, { classes, confidence: 0.95, seed: '' }),
    };
    const gate = { metrics: [{ name: 'accuracy', minimum: '0.76' }] };
    const asked = { candidate: subject('a'), champion: champion && subject('b'), dataset, gate };
    const evaluation: Evaluation = {
      schemaVersion: 1,
      facts: factsOf(asked, found, 1),
      ...found,
      seconds: 1,
      evaluatedAt: '2026-11-29T03:10:00.000Z',
    };
    const contest = {
      candidate: { ...candidate, training: { schemaVersion: 1 as const, ...training } },
      champion: champion && { ...champion, training: { schemaVersion: 1 as const } },
      classes,
      languages,
    };
    return evaluationPage(evaluation, contest, {
      gate: gateNumbers(gate),
      store: place.store,
      snapshot: await readSnapshot(place.store, dataset),
      scratchDir: place.dir,
      signal: new AbortController().signal,
    });
  }

  it('says what was found, beside what was asked for and what the champion does', async () => {
    const html = await pageOf({
      labels: ['shoes', 'hats', 'toys'],
      championLabels: ['shoes', 'hats', 'toys'],
      products: 12,
      text: 'red thing',
      training: {
        curves: { judged: [{ epoch: 1, loss: 0.5, accuracy: 0.7, judgedAccuracy: null }] },
        search: {
          chosen: 1,
          trials: [
            { changed: {}, macroF1: 0.7, accuracy: 0.8 },
            { changed: { designationShare: 0.5 }, macroF1: 0.75, accuracy: 0.8 },
          ],
        },
      },
    });
    for (const words of [
      'Release shop-20261129-030000',
      '12 held-out products in 3 classes',
      'does not reach the minimum 0.76',
      'Champion: <code>shop-20261122-030000</code>',
      'the champion alone',
      'red thing',
      'French',
      'trial fit: products it learns from',
      'designationShare 0.5',
      'data:image/jpeg;base64,',
    ])
      expect(html).to.include(words);
    expect(html).not.to.match(/NaN|Infinity|undefined|\[object/);
  });

  it('names the classes that were not compared', async () => {
    const html = await pageOf({
      labels: ['shoes', 'hats', 'new ones'],
      championLabels: ['shoes', 'hats', 'old ones'],
      products: 9,
      text: 'x',
    });
    expect(html).to.include(
      'Only the candidate knows: new ones. Only the champion knows: old ones.',
    );
  });

  it('holds nothing of hostile texts that could do anything', async () => {
    const labels = [hostile, `${hostile}2`];
    const html = await pageOf({ labels, championLabels: [hostile], products: 9, text: hostile });
    expect(html).to.include('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.to.match(/<script|<img src=x|\u202e/);
  });

  it('is there for an empty holdout, for one class, without a champion and without curves', async () => {
    for (const products of [0, 1]) {
      const html = await pageOf({ labels: ['only'], products, text: 'x' });
      expect(html).to.include('There is no champion').and.to.include('no learning curves');
      expect(html).not.to.match(/NaN|Infinity|undefined|\[object/);
    }
  });

  it('stays below 2 MB with 300 classes of long names, and long texts', async () => {
    const labels = Array.from(
      { length: 300 },
      (_, i) => `${'a long name of a class '.repeat(4)}${i}`,
    );
    const html = await pageOf({
      labels,
      championLabels: labels,
      products: 900,
      text: 'text '.repeat(2_000),
    });
    expect(Buffer.byteLength(html)).to.be.below(2e6);
    expect(html).to.include('The 40 classes with the most mistakes, of 300');
  });

  it('does without pictures that cannot be read', async () => {
    const picture = (await colouredPicture('red')).subarray(0, 100);
    const html = await pageOf({ labels: ['a', 'b'], products: 6, text: 'x', picture });
    expect(html).to.include('no picture').and.not.to.include('data:image/');
  });
});
