import {
  featuriseText,
  fitText,
  type ProductText,
  type TextPreprocessing,
  type TextSettings,
} from '@shelfwise/trainer-contract';
import { only, productTexts, readTexts, type TextPass } from '../features/product-texts.ts';
import type { Products } from '../features/products.ts';
import { createRecordFile, type RecordFile } from '../features/records.ts';

/** The text of every product as the model sees it. */
export interface Texts {
  readonly preprocessing: TextPreprocessing;
  /** Ids as int32[maximumTokens], then their weights as float32[maximumTokens]. */
  readonly features: RecordFile;
  /** 1 where at least one token is known, or a pretrained network reads the text. */
  readonly hasText: Uint8Array;
}

export interface TextOptions extends TextPass {
  readonly settings: Partial<TextSettings>;
  /** File for the features; overwritten. */
  readonly path: string;
}

/** Fits idf on the products of `fitted` (indices, ascending) and turns every product's text into features. */
export async function prepareTexts(
  products: Products,
  fitted: Int32Array,
  options: TextOptions,
): Promise<Texts> {
  const preprocessing = fitText(only(fitted, productTexts(products.textPath)), options.settings);
  const { maximumTokens } = preprocessing;
  const features = createRecordFile(options.path, maximumTokens * 8);
  const record = new ArrayBuffer(maximumTokens * 8);
  const recordIds = new Int32Array(record, 0, maximumTokens);
  const recordWeights = new Float32Array(record, maximumTokens * 4);
  const read = ({ designation, description }: ProductText, index: number) => {
    const { ids, weights, present } = featuriseText(designation, description, preprocessing);
    recordIds.set(ids);
    recordWeights.set(weights);
    features.append(new Uint8Array(record));
    return present || products.sentences?.present[index] === 1;
  };
  const hasText = await readTexts(products, read, options);
  return { preprocessing, features, hasText };
}
