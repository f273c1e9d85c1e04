import type { Backbone } from '../backbone/layers.ts';
import type { Temperatures } from '../judge/calibration.ts';
import type { FittedModel } from './fitted-model.ts';

/** A model with all its parts: what the exporters write and the golden cases are computed with. */
export interface TrainedModel extends FittedModel {
  readonly backbone: Backbone;
  readonly imageSize: number;
  readonly classes: readonly string[];
  readonly temperatures: Temperatures;
}
