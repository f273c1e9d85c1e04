import { canonicalJson } from '@shelfwise/trainer-contract';
import type { Settings } from './architecture.ts';

/** What a search may use up. */
export interface SearchBudget {
  /** No further configuration is begun after so long. */
  readonly minutes: number;
  /** How many configurations are tried at most, the one that it starts from among them. */
  readonly configurations: number;
}

/** One hyperparameter and the values that are worth a try, the likeliest first. */
export interface Axis {
  readonly name: string;
  readonly values: readonly (number | string)[];
}

/** How a configuration did on products that its fit did not see. */
export interface Outcome {
  readonly macroF1: number;
  readonly accuracy: number;
  /** How many products it was judged on. */
  readonly products: number;
  /** How long the fit took. */
  readonly seconds: number;
}

type Score = Omit<Outcome, 'seconds'>;

/** A line of the search's record, without times: the record is part of a bundle, which holds no clock. */
export interface SearchTrial extends Score {
  /** What differs from the configuration that it started from. */
  readonly changed: Readonly<Record<string, string | number>>;
}

export interface Search<S extends Settings = Settings> {
  readonly hyperparameters: S;
  /** Index of the chosen one in `trials`. */
  readonly chosen: number;
  readonly trials: readonly SearchTrial[];
  /** Why it ended. */
  readonly ended: 'nothing better is near' | 'configurations' | 'minutes';
}

/** A difference below this part of the accuracy's standard error is a tie, and a tie changes nothing. */
const tieInStandardErrors = 0.25;

/**
 * Looks for a better configuration from a first one: along one axis after the other, from the best so far, until a
 * round over all axes finds nothing better or the budget is used up. Judged by macro F1 on the validation products;
 * of two that are as good the earlier stays, which has less changed. Which ones are tried follows from the outcomes
 * alone, so that the same data and seed give the same answer whenever there is time enough for it.
 *
 * @param attempt fits and judges a configuration, the `index`-th; what it throws ends the search
 */
export async function search<S extends Settings>(
  start: S,
  axes: readonly Axis[],
  budget: SearchBudget,
  attempt: (hyperparameters: S, index: number) => Promise<Outcome>,
): Promise<Search<S>> {
  const trials: SearchTrial[] = [];
  const tried = new Set<string>();
  let best = { hyperparameters: start, index: 0 };
  let seconds = 0;

  async function tryOne(hyperparameters: S): Promise<void> {
    const index = trials.length;
    tried.add(canonicalJson(hyperparameters));
    const { seconds: took, ...outcome } = await attempt(hyperparameters, index);
    trials.push({ changed: difference(start, hyperparameters), ...outcome });
    seconds += took;
    if (index > 0 && isBetter(outcome, trials[best.index] as SearchTrial))
      best = { hyperparameters, index };
  }

  const result = (ended: Search['ended']): Search<S> => ({
    hyperparameters: best.hyperparameters,
    chosen: best.index,
    trials,
    ended,
  });

  await tryOne(start);
  for (;;) {
    const before = best.index;
    for (const axis of axes)
      for (const value of axis.values) {
        const next = { ...best.hyperparameters, [axis.name]: value };
        if (tried.has(canonicalJson(next))) continue;
        if (trials.length >= budget.configurations) return result('configurations');
        if (seconds >= budget.minutes * 60) return result('minutes');
        await tryOne(next);
      }
    if (best.index === before) return result('nothing better is near');
  }
}

function isBetter(challenger: Score, best: Score): boolean {
  const error = Math.sqrt((best.accuracy * (1 - best.accuracy)) / Math.max(best.products, 1));
  return challenger.macroF1 > best.macroF1 + tieInStandardErrors * error;
}

function difference<S extends Settings>(from: S, to: S): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(to).filter(([name, value]) => value !== from[name as keyof S]),
  );
}
