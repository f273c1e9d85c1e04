import { join } from 'node:path';
import type { TextPreprocessing } from '@shelfwise/trainer-contract';
import type { Backbone } from '../backbone/layers.ts';
import type { PictureFeatures } from '../features/pictures.ts';
import type { Products } from '../features/products.ts';
import { sentenceLength as piecesRead } from '../features/sentences.ts';
import { compactRows, spreadRows } from '../fit/embedding-rows.ts';
import { accuracyOf } from '../judge/predictions.ts';
import type { SentenceEncoder } from '../sentences/encoder.ts';
import type { Fit, FitTask } from '../train/architecture.ts';
import type { BatchSource } from './batch.ts';
import { fitHead } from './fit.ts';
import type { HeadTensors, HeadWeights } from './head.ts';
import { createScaler, type FeatureScale } from './normalise.ts';
import { predict } from './predict.ts';
import type { ConvFusionSettings } from './settings.ts';
import { prepareTexts } from './texts.ts';
import { scaledVectors } from './vectors.ts';

/** Everything of a model but the calibration. */
export interface FittedModel {
  readonly text: TextPreprocessing;
  readonly backbone: Backbone;
  readonly scale: FeatureScale;
  /** What reads the texts beside their n-grams, where something does. */
  readonly sentences?:
    | { readonly encoder: SentenceEncoder; readonly scale: FeatureScale }
    | undefined;
  readonly head: HeadWeights;
}

/** Fits preprocessing and head on some of the products and nothing else. */
export async function fitModel(
  task: FitTask<'features', ConvFusionSettings>,
): Promise<Fit<FittedModel>> {
  const { tf, products, fitted, judged, hyperparameters, signal } = task;
  const path = join(task.scratchDir, 'texts.bin');
  const { marks, designationShare, buckets, pictureLength, sentenceLength } = hyperparameters;
  const settings = { marks, designationShare, buckets };
  const texts = await prepareTexts(products, fitted, {
    path,
    settings,
    signal,
    onProgress: task.onTexts,
  });
  const vectors = products.sentences && scaledVectors(products.sentences, fitted, sentenceLength);
  const vocabulary = compactRows(texts.preprocessing.idf);
  const source: BatchSource = {
    products,
    texts,
    scale: scaleOf(products, fitted, pictureLength),
    ...(vectors && { sentences: vectors }),
    rowOf: vocabulary.rowOf,
  };
  const encoder = task.stage.sentences;
  const { head: tensors, curve } = await fitHead(tf, source, {
    hyperparameters,
    rows: fitted,
    embeddingRows: vocabulary.rows,
    keeper: task.keeper,
    signal,
    onStep: task.onStep,
    judge: (head) => (judged.length === 0 ? null : accuracyOf(predict(tf, source, head, judged))),
  });
  const predictions = predict(tf, source, tensors, judged);
  const head = await read(tensors, vocabulary.rowOf, products.classes.length);
  tf.dispose(Object.values(tensors).filter((tensor) => tensor !== undefined));
  texts.features.close();
  return {
    model: {
      text: withSentences(texts.preprocessing, encoder),
      backbone: task.stage.backbone,
      scale: source.scale,
      sentences: encoder && vectors && { encoder, scale: vectors.scale },
      head,
    },
    curve,
    predictions,
  };
}

function scaleOf(
  { pictures, hasPicture }: Products<PictureFeatures>,
  fitted: Int32Array,
  length: number,
): FeatureScale {
  const scaler = createScaler(pictures.widths, length);
  const row = new Float32Array(pictures.width);
  for (const index of fitted) {
    if (hasPicture[index] === 0) continue;
    for (const mirrored of [false, true]) {
      pictures.read(index, row, mirrored);
      scaler.add(row);
    }
  }
  return scaler.scale();
}

function withSentences(text: TextPreprocessing, encoder?: SentenceEncoder): TextPreprocessing {
  if (!encoder) return text;
  const sentences = { ...encoder.vocabulary, length: piecesRead };
  return { ...text, sentences, maximumTokens: text.maximumTokens + piecesRead };
}

/** Back to a row for every bucket. */
async function read(
  tensors: HeadTensors,
  rowOf: Int32Array,
  classes: number,
): Promise<HeadWeights> {
  const [compacted, sentences, kernel, bias] = await Promise.all([
    tensors.embedding.data<'float32'>(),
    tensors.sentences?.data<'float32'>(),
    tensors.kernel.data<'float32'>(),
    tensors.bias.data<'float32'>(),
  ]);
  const embedding = spreadRows(compacted, rowOf, 2 * classes);
  return { classes, embedding, sentences, kernel, bias };
}
