import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { piecesOf } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { createReader } from '../sentences/network.ts';
import { tinyEncoder } from '../sentences/tiny-encoder.fixture.ts';
import { readSentences, sentenceLength } from './sentences.ts';

const tf = loadTensorFlow('cpu');
const encoder = tinyEncoder();

describe('vectors of texts', () => {
  let folder: string;
  const texts: [string | null, string | null][] = Array.from({ length: 37 }, (_, i) => {
    const words = 'cup shoe red of one '.repeat(5).slice(0, 5 + i * 3);
    return i % 9 === 4 ? ['', null] : [words, i % 2 === 0 ? null : 'a shoe'];
  });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sentences-'));
    const lines = texts.map((text) => `${JSON.stringify(text)}\n`);
    await writeFile(join(folder, 'texts.jsonl'), lines.join(''));
  });
  after(() => rm(folder, { recursive: true }));

  const read = (signal = new AbortController().signal, onProgress = (_: number) => undefined) =>
    readSentences({ textPath: join(folder, 'texts.jsonl'), count: texts.length }, encoder, {
      path: join(folder, 'sentences.bin'),
      signal,
      onProgress,
    });

  it('are what TensorFlow makes of the pieces, whatever the texts beside are', async () => {
    const vectors = await read();
    const row = new Float32Array(vectors.width);
    texts.forEach(([designation, description], index) => {
      vectors.read(index, row);
      const vocabulary = { ...encoder.vocabulary, length: sentenceLength };
      const pieces = Int32Array.from(piecesOf(designation, description, vocabulary));
      expect(vectors.present[index]).to.equal(pieces.length > 0 ? 1 : 0);
      const expected =
        pieces.length === 0
          ? new Float32Array(vectors.width)
          : createReader(tf, encoder)
              .read(pieces, new Float32Array(pieces.length).fill(1), pieces.length)
              .dataSync<'float32'>();
      row.forEach((value, i) => {
        expect(value, `number ${i} of text ${index}`).to.be.closeTo(expected[i] as number, 1e-5);
      });
    });
    vectors.close();
  });

  it('are counted as they come', async () => {
    const told: number[] = [];
    (await read(undefined, (done) => void told.push(done))).close();
    expect(told.at(-1)).to.equal(texts.length);
  });

  it('are no longer made when nobody wants them', async () => {
    const reason = new Error('stop');
    const failed = await read(AbortSignal.abort(reason)).catch((error: unknown) => error);
    expect(failed).to.equal(reason);
  });
});
