import type { Architecture } from '../train/architecture.ts';
import { describe } from './description.ts';
import { type FittedModel, fitModel } from './fitted-model.ts';
import { toOnnx } from './onnx.ts';
import { reference } from './reference.ts';
import { type LstmCnnSettings, settings } from './settings.ts';
import { toTfjs } from './tfjs.ts';

/** An LSTM over the words and a convolutional network over the pixels, both learned from nothing: for comparison. */
export const lstmCnn: Architecture<'pixels', LstmCnnSettings, FittedModel> = {
  name: 'lstm-cnn',
  pictures: 'pixels',
  settings,
  fit: fitModel,
  toOnnx,
  toTfjs,
  reference,
  describe,
};
