import type { Architecture } from '../train/architecture.ts';
import {
  type Hyperparameters,
  resolveHyperparameters,
  searchAxes,
} from '../train/hyperparameters.ts';
import { describe } from './description.ts';
import { type FittedModel, fitModel } from './fitted-model.ts';
import { toOnnx } from './onnx.ts';
import { reference } from './reference.ts';
import { toTfjs } from './tfjs.ts';

/** Hashed n-grams of the text and features of a pretrained picture network, read by linear classifiers. */
export const convFusion: Architecture<'features', Hyperparameters, FittedModel> = {
  name: 'conv-fusion',
  pictures: 'features',
  settings: resolveHyperparameters,
  axes: searchAxes,
  fit: fitModel,
  toOnnx,
  toTfjs,
  reference,
  describe,
};
