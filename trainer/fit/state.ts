/** One line of the learning curve. */
export interface EpochRecord {
  epoch: number;
  loss: number;
  accuracy: number;
  /** Share of the judged products that are classified right; null where none is judged. */
  judgedAccuracy: number | null;
}

/** Where a fit stands between two steps. Plain data: JSON holds it exactly. */
export interface Position {
  /** Counts from 1; one more than there are once all is done. */
  epoch: number;
  /** Batches of this epoch that are done. */
  batch: number;
  /** Sums over the products of this epoch so far. */
  loss: number;
  hits: number;
  seen: number;
  /** State of the random numbers before the products of this epoch were shuffled, and now. */
  orderRandom: number;
  random: number;
  curve: EpochRecord[];
}

/** All that a fit needs to go on exactly where it stood. */
export interface FitState {
  readonly position: Position;
  /** Parameters, what Adam remembers of each, moving averages: by name. */
  readonly tensors: Readonly<Record<string, Float32Array>>;
}

/** Where the state of one fit is kept, so that it can go on after an interruption. */
export interface Keeper {
  /** The state in which this very fit was interrupted. */
  readonly found: FitState | undefined;
  /** Whether it is time to keep the state again. */
  due(): boolean;
  /** Begins to write the state; training goes on meanwhile, and whether it works or not. */
  keep(state: FitState): void;
  /** Remembers the state, for the case that the process is told to stop. */
  hold(state: FitState): void;
  /** Says that what was found does not fit this code. */
  refuse(why: string): void;
}

/** Keeps nothing: for fits that are short, or nobody's loss. */
export const keepsNothing: Keeper = {
  found: undefined,
  due: () => false,
  keep: () => undefined,
  hold: () => undefined,
  refuse: () => undefined,
};
