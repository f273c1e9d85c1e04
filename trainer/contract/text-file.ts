import type { NgramTextFile, PreprocessingFile } from './bundle-schema.ts';
import { StepError } from './messages.ts';
import type { TextPreprocessing } from './text.ts';
import { isSequence, type TextInput } from './text-input.ts';

/** The `text` part of preprocessing.json. */
export function encodeText(text: TextPreprocessing): NgramTextFile;
export function encodeText(text: TextInput): PreprocessingFile['text'];
export function encodeText(text: TextInput): PreprocessingFile['text'] {
  if (isSequence(text)) return text;
  const bytes = Buffer.alloc(text.idf.length * 4);
  for (const [i, value] of text.idf.entries()) bytes.writeFloatLE(value, i * 4);
  const { sentences, ...rest } = text;
  return {
    ...rest,
    idf: bytes.toString('base64'),
    ...(sentences && {
      sentences: { ...sentences, pieces: [...sentences.pieces], scores: [...sentences.scores] },
    }),
  };
}

/** The inverse. Throws BadData where idf is not of 2 × buckets finite numbers that are not negative. */
export function decodeText(file: PreprocessingFile['text']): TextInput {
  return 'kind' in file ? file : decodeNgrams(file);
}

function decodeNgrams(file: NgramTextFile): TextPreprocessing {
  const bytes = Buffer.from(file.idf, 'base64');
  const expected = file.buckets * 2 * 4;
  if (bytes.length !== expected) {
    throw new StepError(
      'BadData',
      `preprocessing.json: text.idf holds ${bytes.length} bytes, not the ${expected} of 2 × ${file.buckets} numbers.`,
    );
  }
  const idf = Float32Array.from({ length: file.buckets * 2 }, (_, i) => bytes.readFloatLE(i * 4));
  const wrong = idf.findIndex((value) => !Number.isFinite(value) || value < 0);
  if (wrong >= 0) {
    throw new StepError('BadData', `preprocessing.json: text.idf[${wrong}] is ${idf[wrong]}.`);
  }
  const { sentences } = file;
  if (sentences && sentences.pieces.length !== sentences.scores.length)
    throw new StepError(
      'BadData',
      `preprocessing.json: text.sentences has ${sentences.pieces.length} pieces and ${sentences.scores.length} scores.`,
    );
  if (sentences && sentences.length >= file.maximumTokens)
    throw new StepError(
      'BadData',
      `preprocessing.json: text.sentences.length is ${sentences.length}, of maximumTokens ${file.maximumTokens} none is left.`,
    );
  return { ...file, idf };
}
