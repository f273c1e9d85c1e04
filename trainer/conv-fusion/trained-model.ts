import type { Calibrated } from '../train/architecture.ts';
import type { FittedModel } from './fitted-model.ts';

/** A model with all its parts: what the exporters write and the golden cases are computed with. */
export type TrainedModel = FittedModel & Calibrated;
