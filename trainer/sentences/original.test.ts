import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { piecesOf } from '@shelfwise/trainer-contract';
import { sessionOptions } from '@shelfwise/trainer-contract/onnxruntime';
import { expect } from 'chai';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { cacheDirectory } from '../native/cache.ts';
import { loadTensorFlow } from '../native/tensorflow.ts';
import { sentencesOnnx } from '../onnx/sentences.ts';
import { type SentenceEncoder, vectorWidth } from './encoder.ts';
import { createReader } from './network.ts';
import { readEncoder } from './weights.ts';

/** original.fixture.py says by which command it was written. */
interface Original {
  text: string;
  pieces: number[];
  vector: string;
}

describe('the converted sentence encoder', () => {
  let encoder: SentenceEncoder;
  let originals: Original[];
  before(async () => {
    encoder = await readEncoder(join(cacheDirectory(), 'backbone'));
    const path = join(import.meta.dirname, 'original.fixture.json');
    originals = JSON.parse(await readFile(path, 'utf8'));
  });

  const floats = (base64: string) => {
    const bytes = Buffer.from(base64, 'base64');
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
  };

  it('cuts texts into the pieces of the original', () => {
    const vocabulary = { ...encoder.vocabulary, length: 64 };
    for (const { text, pieces } of originals)
      expect(piecesOf(text, null, vocabulary), text).to.deep.equal(pieces);
  });

  const readers: Record<string, () => Promise<(pieces: Int32Array) => Promise<Float32Array>>> = {
    async TensorFlow() {
      const { read } = createReader(loadTensorFlow('cpu'), encoder);
      return async (pieces) =>
        read(pieces, new Float32Array(pieces.length).fill(1), pieces.length).dataSync<'float32'>();
    },
    async 'the ONNX file'() {
      const session = await InferenceSession.create(sentencesOnnx(encoder), sessionOptions);
      return async (pieces) => {
        const shape = [1, pieces.length];
        const present = new Float32Array(pieces.length).fill(1);
        const { vectors } = await session.run({
          ids: new Tensor('int32', pieces, shape),
          present: new Tensor('float32', present, shape),
        });
        return vectors?.data as Float32Array;
      };
    },
  };
  for (const [name, open] of Object.entries(readers))
    it(`gives the original's numbers in ${name}`, async () => {
      const read = await open();
      for (const { text, pieces, vector } of originals) {
        const [seen, expected] = [await read(Int32Array.from(pieces)), floats(vector)];
        expect([seen.length, expected.length]).to.deep.equal(Array(2).fill(vectorWidth(encoder)));
        seen.forEach((value, i) => {
          expect(value, `number ${i} of "${text}"`).to.be.closeTo(expected[i] as number, 1e-5);
        });
      }
    });
});
