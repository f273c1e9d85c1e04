import {
  countWords,
  type ProductText,
  type SequencePreprocessing,
  sequenceText,
} from '@shelfwise/trainer-contract';
import { only, productTexts, readTexts, type TextPass } from '../features/product-texts.ts';
import type { Products } from '../features/products.ts';
import { createRecordFile, type RecordFile } from '../features/records.ts';
import { compactRows, type EmbeddingRows } from '../fit/embedding-rows.ts';
import { longestSequence } from './settings.ts';

/** The text of every product as the network reads it. */
export interface Sequences extends EmbeddingRows {
  readonly preprocessing: SequencePreprocessing;
  /** int32[maximumTokens] for each product. */
  readonly ids: RecordFile;
  /** 1 where there is at least one word. */
  readonly hasText: Uint8Array;
}

export interface SequenceOptions extends TextPass {
  readonly buckets: number;
  /** File for the sequences; overwritten. */
  readonly path: string;
}

/**
 * Finds how long sequences are to be and which words occur, on the products of `fitted` (indices, ascending) alone, and
 * turns all texts into sequences.
 */
export async function readSequences(
  products: Products,
  fitted: Int32Array,
  options: SequenceOptions,
): Promise<Sequences> {
  const { buckets } = options;
  const maximumTokens = usualLength(products, fitted);
  const preprocessing: SequencePreprocessing = { kind: 'sequence', buckets, maximumTokens };
  const records = createRecordFile(options.path, maximumTokens * 4);
  const learned = new Uint8Array(products.count);
  for (const index of fitted) learned[index] = 1;
  const occurs = new Uint8Array(buckets);
  const read = ({ designation, description }: ProductText, index: number) => {
    const { ids, present } = sequenceText(designation, description, preprocessing);
    records.append(new Uint8Array(ids.buffer));
    if (learned[index]) for (const id of ids) if (id < buckets) occurs[id] = 1;
    return present;
  };
  const hasText = await readTexts(products, read, options);
  return { preprocessing, ids: records, hasText, ...compactRows(occurs) };
}

/** The length that 95 of 100 of the fitted texts do not pass. */
function usualLength({ textPath }: Products, fitted: Int32Array): number {
  const lengths: number[] = [];
  for (const { designation, description } of only(fitted, productTexts(textPath)))
    lengths.push(countWords(designation, description));
  lengths.sort((a, b) => a - b);
  const usual = lengths[Math.floor(0.95 * (lengths.length - 1))] ?? 0;
  return Math.min(Math.max(usual, 1), longestSequence);
}
