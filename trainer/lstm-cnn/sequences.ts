import {
  countWords,
  type ProductText,
  type SequencePreprocessing,
  sequenceText,
} from '@shelfwise/trainer-contract';
import { productTexts, readTexts, type TextPass } from '../features/product-texts.ts';
import type { Products } from '../features/products.ts';
import { createRecordFile, type RecordFile } from '../features/records.ts';
import { longestSequence } from './settings.ts';

/** The text of every product as the network reads it. */
export interface Sequences {
  readonly preprocessing: SequencePreprocessing;
  /** int32[maximumTokens] for each product. */
  readonly ids: RecordFile;
  /** 1 where there is at least one word. */
  readonly hasText: Uint8Array;
  /** Row of the embedding for each id; words that none of the fitted products has share the last one with the padding. */
  readonly rowOf: Int32Array;
  readonly rows: number;
}

export interface SequenceOptions extends TextPass {
  readonly buckets: number;
  /** File for the sequences; overwritten. */
  readonly path: string;
}

/** Finds how long sequences are to be and which words occur, on the products of `fitted` alone, and turns all texts into sequences. */
export async function readSequences(
  products: Products,
  fitted: Int32Array,
  options: SequenceOptions,
): Promise<Sequences> {
  const { buckets } = options;
  const learned = new Uint8Array(products.count);
  for (const index of fitted) learned[index] = 1;
  const maximumTokens = usualLength(products, learned);
  const preprocessing: SequencePreprocessing = { kind: 'sequence', buckets, maximumTokens };
  const records = createRecordFile(options.path, maximumTokens * 4);
  const occurs = new Uint8Array(buckets);
  const read = ({ designation, description }: ProductText, index: number) => {
    const { ids, present } = sequenceText(designation, description, preprocessing);
    records.append(new Uint8Array(ids.buffer));
    if (learned[index]) for (const id of ids) if (id < buckets) occurs[id] = 1;
    return present;
  };
  const hasText = await readTexts(products, read, options);
  return { preprocessing, ids: records, hasText, ...compact(occurs) };
}

/** The length that 95 of 100 of the fitted texts do not pass. */
function usualLength(products: Products, learned: Uint8Array): number {
  const lengths: number[] = [];
  let index = 0;
  for (const { designation, description } of productTexts(products.textPath))
    if (learned[index++]) lengths.push(countWords(designation, description));
  lengths.sort((a, b) => a - b);
  const usual = lengths[Math.floor(0.95 * (lengths.length - 1))] ?? 0;
  return Math.min(Math.max(usual, 1), longestSequence);
}

/** Adam's work is proportional to the rows of the embedding, and most hashes never occur. */
function compact(occurs: Uint8Array): { rowOf: Int32Array; rows: number } {
  let rows = 0;
  const rowOf = Int32Array.from(occurs, (seen) => (seen ? rows++ : -1));
  return {
    rowOf: Int32Array.from([...rowOf, -1], (row) => (row < 0 ? rows : row)),
    rows: rows + 1,
  };
}
