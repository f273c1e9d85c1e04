import type { EpochRecord, Keeper } from '../fit/state.ts';
import type { Validation } from '../judge/validation.ts';
import type { ProgressEvent } from '../step.ts';
import type { Settings } from './architecture.ts';
import type { Checkpoints } from './checkpoints.ts';
import { type Axis, type Search, type SearchBudget, search } from './search.ts';

/** A configuration's fit on a part of the train products, and how it did on the others. */
export interface Trial {
  readonly curve: readonly EpochRecord[];
  readonly validation: Validation;
}

export interface Trials {
  /** The configuration that every other one has to beat. */
  readonly start: Settings;
  readonly axes: readonly Axis[];
  readonly budget: SearchBudget;
  readonly checkpoints: Checkpoints;
  progress(event: ProgressEvent): void;
  /** Fits and judges one configuration. */
  attempt(hyperparameters: Settings, phase: string, keeper: Keeper): Promise<Trial>;
}

/**
 * Fits and judges configurations until the search ends; those that ended before an interruption are not fitted again.
 *
 * @returns the best one with its trial, and the record of the search
 */
export async function tryConfigurations({
  start,
  axes,
  budget,
  checkpoints,
  progress,
  attempt,
}: Trials): Promise<Search & { readonly best: Trial }> {
  const done: Trial[] = [];
  const found = await search(start, axes, budget, async (hyperparameters, index) => {
    const name = index === 0 ? 'fit to be judged' : `trial ${index + 1}`;
    const { seconds, ...trial } = await checkpoints.phase(name, async (keeper) => {
      const started = performance.now();
      const fitted = await attempt(hyperparameters, name, keeper);
      return { ...fitted, seconds: (performance.now() - started) / 1000 };
    });
    done.push(trial);
    const { macroF1, accuracy } = trial.validation.metrics;
    const seen = { done: index + 1, total: budget.configurations, macroF1, accuracy };
    if (axes.length > 0) progress({ step: 'train', phase: 'search', ...seen });
    return { macroF1, accuracy, products: trial.validation.products, seconds };
  });
  return { ...found, best: done[found.chosen] as Trial };
}
