/** What a person may choose; the rest follows from the number of products. */
export interface Choices {
  epochs?: number | undefined;
  batchSize?: number | undefined;
  learningRate?: number | undefined;
  seed?: number | undefined;
  imageSize?: number | undefined;
}

export interface Hyperparameters {
  epochs: number;
  batchSize: number;
  learningRate: number;
  seed: number;
  imageSize: number;
  /** C of a support vector machine: the weight of the errors against that of a small norm. */
  regularisation: number;
}

/**
 * Defaults that won on catalogues of 800 and of 4,500 products: below 2,000 products smaller batches
 * and more epochs, so that in both cases the optimiser takes about 350 steps or more.
 */
export function resolveHyperparameters(choices: Choices, products: number): Hyperparameters {
  const small = products < 2000;
  return {
    epochs: choices.epochs ?? (small ? 25 : 10),
    batchSize: choices.batchSize ?? (small ? 64 : 128),
    learningRate: choices.learningRate ?? (small ? 0.02 : 0.04),
    seed: choices.seed ?? 0,
    imageSize: choices.imageSize ?? 128,
    regularisation: 0.7,
  };
}
