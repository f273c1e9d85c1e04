import type { Architecture } from '../train/architecture.ts';
import { describe } from './description.ts';
import { type FittedModel, fitModel } from './fitted-model.ts';
import { toOnnx } from './onnx.ts';
import { reference } from './reference.ts';
import { type ConvFusionSettings, searchAxes, settings } from './settings.ts';
import { toTfjs } from './tfjs.ts';

/** Hashed n-grams of the text and features of a pretrained picture network, read by linear classifiers. */
export const convFusion: Architecture<'features', ConvFusionSettings, FittedModel> = {
  name: 'conv-fusion',
  pictures: 'features',
  settings,
  axes: searchAxes,
  fit: fitModel,
  toOnnx,
  toTfjs,
  reference,
  describe,
};
