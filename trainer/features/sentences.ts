import { setImmediate as turn } from 'node:timers/promises';
import { piecesOf } from '@shelfwise/trainer-contract';
import { defaultWorkers } from '@shelfwise/trainer-contract/cpu-quota';
import { sessionOptions } from '@shelfwise/trainer-contract/onnxruntime';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { sentencesOnnx } from '../onnx/sentences.ts';
import { type SentenceEncoder, vectorWidth } from '../sentences/encoder.ts';
import { productTexts, type TextPass } from './product-texts.ts';
import type { Products } from './products.ts';
import { createRecordFile, type RecordFile } from './records.ts';

/** How many pieces of a text are read. A designation has some 20; what a description says first says most. */
export const sentenceLength = 64;

/** What a pretrained network makes of each product's text. */
export interface SentenceVectors {
  readonly width: number;
  /** 1 where the text has a piece. */
  readonly present: Uint8Array;
  /** Reads `width` numbers of product `index`; 0 where it has no text. */
  read(index: number, target: Float32Array): void;
  close(): void;
}

/** Enough that the layers are read from memory for many texts at once, and few enough that little of it is padding. */
const atOnce = 16;
const mostThreads = 16;

/**
 * Reads every product's text with the encoder, once, in the ONNX file's own nodes that are going to serve.
 *
 * @param path file for the vectors; overwritten
 * @throws the signal's reason when aborted
 */
export async function readSentences(
  { textPath, count }: Pick<Products, 'textPath' | 'count'>,
  encoder: SentenceEncoder,
  { path, signal, onProgress }: TextPass & { readonly path: string },
): Promise<SentenceVectors> {
  const width = vectorWidth(encoder);
  const records = createRecordFile(path, width * 4);
  const present = new Uint8Array(count);
  const session = await InferenceSession.create(sentencesOnnx(encoder), {
    ...sessionOptions,
    intraOpNumThreads: defaultWorkers(mostThreads),
  });
  const vocabulary = { ...encoder.vocabulary, length: sentenceLength };
  let done = 0;
  const work = async (texts: readonly number[][]) => {
    const vectors = await run(session, texts);
    texts.forEach((pieces, i) => {
      const own = vectors.subarray(i * width, (i + 1) * width);
      if (pieces.length === 0) own.fill(0);
      else present[done + i] = 1;
      records.append(new Uint8Array(own.buffer, own.byteOffset, own.byteLength));
    });
    done += texts.length;
    onProgress(done);
    await turn();
    signal.throwIfAborted();
  };
  try {
    let waiting: number[][] = [];
    for (const { designation, description } of productTexts(textPath)) {
      waiting.push(piecesOf(designation, description, vocabulary));
      if (waiting.length < atOnce) continue;
      await work(waiting);
      waiting = [];
    }
    if (waiting.length > 0) await work(waiting);
  } finally {
    await session.release();
  }
  return vectorsIn(records, present);
}

/** Vectors as they lie in a file, float32. */
export function vectorsIn(records: RecordFile, present: Uint8Array): SentenceVectors {
  const { recordBytes } = records;
  return {
    width: recordBytes / 4,
    present,
    read: (index, target) =>
      records.read(index, new Uint8Array(target.buffer, target.byteOffset, recordBytes)),
    close: () => records.close(),
  };
}

async function run(session: InferenceSession, texts: readonly number[][]): Promise<Float32Array> {
  const length = texts.reduce((most, pieces) => Math.max(most, pieces.length), 1);
  const ids = new Int32Array(texts.length * length);
  const present = new Float32Array(texts.length * length);
  texts.forEach((pieces, i) => {
    ids.set(pieces, i * length);
    present.fill(1, i * length, i * length + pieces.length);
  });
  const shape = [texts.length, length];
  const answer = await session.run({
    ids: new Tensor('int32', ids, shape),
    present: new Tensor('float32', present, shape),
  });
  return answer.vectors?.data as Float32Array;
}
