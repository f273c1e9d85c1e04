import { setImmediate as turn } from 'node:timers/promises';
import { StepError } from '@shelfwise/trainer-contract';
import type { Tensor } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../native/tensorflow.ts';
import { adamStep, cosine, type Parameter } from './adam.ts';
import { createRandom, type Random, shuffle } from './random.ts';
import type { EpochRecord, FitState, Keeper, Position } from './state.ts';

/** What the loop fits: parameters, and the slope of a loss in them. */
export interface Learner {
  /** What Adam moves, by name. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** What a step moves by itself, by name: moving averages of batch norms. */
  readonly statistics?: Readonly<Record<string, { value: Tensor }>>;
  /** Reads and computes one batch of products (`rows`: their indices). The loop disposes of the gradients. */
  step(rows: Int32Array, random: Random): LearnerStep;
  /** After each epoch: the share of the judged products that are classified right; null where none is judged. */
  judge(): number | null;
}

export interface LearnerStep {
  /** Mean over the batch. */
  readonly loss: number;
  /** Products classified right. */
  readonly hits: number;
  /** Of the step's time: milliseconds until the batch was read. */
  readonly readMs?: number;
  /** In the shapes of the parameters, by the same names. */
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/** How a fit's time went, in this process. */
export interface FitPace {
  /** Products seen. */
  readonly items: number;
  readonly seconds: number;
  /** Of these, until batches were read. */
  readonly waitedSeconds: number;
}

/** What the loop tells after each step. */
export interface FitProgress {
  pace: FitPace;
  epoch: number;
  epochs: number;
  batch: number;
  batches: number;
  /** Means over the epoch so far. */
  loss: number;
  accuracy: number;
}

export interface LoopOptions {
  /** Indices of the products to fit. */
  readonly rows: Int32Array;
  readonly settings: Readonly<Record<'epochs' | 'batchSize' | 'learningRate' | 'seed', number>>;
  readonly keeper: Keeper;
  readonly signal: AbortSignal;
  onStep(progress: FitProgress): void;
}

/**
 * Adam over shuffled batches, its rate on half a cosine down to 0. An interrupted fit goes on from its keeper's state
 * and ends with the very bytes of one that was never interrupted: order, random numbers and moments are in the state.
 * What the learner holds is its caller's when this returns, but for Adam's moments; when it throws, nothing is left of it.
 *
 * @returns the learning curve
 * @throws StepError Diverged when the loss is no longer a number; the signal's reason when aborted, its state then held
 */
export async function fitLoop(
  tf: TensorFlow,
  learner: Learner,
  options: LoopOptions,
): Promise<readonly EpochRecord[]> {
  const parameters = Object.values(learner.parameters);
  try {
    const curve = await epochs(tf, learner, options);
    tf.dispose(parameters.flatMap(({ mean, variance }) => [mean, variance]));
    return curve;
  } catch (error) {
    tf.dispose(parameters.flatMap(({ value, mean, variance }) => [value, mean, variance]));
    tf.dispose(Object.values(learner.statistics ?? {}).map(({ value }) => value));
    throw error;
  }
}

async function epochs(
  tf: TensorFlow,
  learner: Learner,
  options: LoopOptions,
): Promise<readonly EpochRecord[]> {
  const { rows, settings, keeper, signal } = options;
  const at = restore(tf, learner, keeper) ?? beginning(settings.seed);
  const batches = Math.ceil(rows.length / settings.batchSize);
  const begun = performance.now();
  let [items, waited] = [0, 0];
  while (at.epoch <= settings.epochs) {
    const drawing = createRandom(at.orderRandom);
    const order = shuffle(rows.slice(), drawing);
    const random = createRandom(at.batch === 0 ? drawing.state() : at.random);
    while (at.batch < batches) {
      const from = at.batch * settings.batchSize;
      const products = order.subarray(from, from + settings.batchSize);
      waited += step(tf, learner, products, random, at, { ...settings, batches }) / 1000;
      items += products.length;
      const seconds = (performance.now() - begun) / 1000;
      options.onStep({
        pace: { items, seconds, waitedSeconds: waited },
        ...{ epoch: at.epoch, epochs: settings.epochs, batch: at.batch, batches },
        ...{ loss: at.loss / at.seen, accuracy: at.hits / at.seen },
      });
      if (at.batch === batches) break;
      await pause(learner, at, keeper, signal);
    }
    endEpoch(at, learner.judge());
    await pause(learner, at, keeper, signal);
  }
  keeper.hold(capture(learner, at));
  return at.curve;
}

/** One step; how many milliseconds of it went into reading. */
function step(
  tf: TensorFlow,
  learner: Learner,
  rows: Int32Array,
  random: Random,
  at: Position,
  settings: LoopOptions['settings'] & { batches: number },
): number {
  const { loss, hits, gradients, readMs = 0 } = learner.step(rows, random);
  const done = (at.epoch - 1) * settings.batches + at.batch;
  at.batch += 1;
  at.loss += loss * rows.length;
  at.hits += hits;
  at.seen += rows.length;
  at.random = random.state();
  if (!Number.isFinite(at.loss)) {
    tf.dispose({ ...gradients });
    throw new StepError(
      'Diverged',
      `The loss is ${at.loss} in epoch ${at.epoch}, batch ${at.batch}: lower the learning rate (now ${settings.learningRate}).`,
    );
  }
  const learningRate = cosine(settings.learningRate, done, settings.epochs * settings.batches);
  for (const [name, gradient] of Object.entries(gradients))
    adamStep(tf, learner.parameters[name] as Parameter, gradient, { step: done + 1, learningRate });
  tf.dispose({ ...gradients });
  return readMs;
}

/** Between two steps: the only place where a fit is kept, and where it stops. */
async function pause(
  learner: Learner,
  at: Position,
  keeper: Keeper,
  signal: AbortSignal,
): Promise<void> {
  await turn();
  if (signal.aborted) {
    keeper.hold(capture(learner, at));
    throw signal.reason;
  }
  if (keeper.due()) keeper.keep(capture(learner, at));
}

function beginning(seed: number): Position {
  const sums = { loss: 0, hits: 0, seen: 0 };
  return { epoch: 1, batch: 0, ...sums, orderRandom: seed, random: seed, curve: [] };
}

function endEpoch(at: Position, judgedAccuracy: number | null): void {
  const { epoch, loss, hits, seen, curve, random } = at;
  curve.push({ epoch, loss: loss / seen, accuracy: hits / seen, judgedAccuracy });
  Object.assign(at, beginning(random), { epoch: epoch + 1, curve });
}

/** Every tensor that a step changes, by name. */
function held(learner: Learner): Map<string, { holder: Record<string, Tensor>; key: string }> {
  const all = new Map<string, { holder: Record<string, Tensor>; key: string }>();
  for (const [name, parameter] of Object.entries(learner.parameters))
    for (const key of ['value', 'mean', 'variance'])
      all.set(`${name}/${key}`, { holder: parameter as unknown as Record<string, Tensor>, key });
  for (const [name, holder] of Object.entries(learner.statistics ?? {}))
    all.set(name, { holder, key: 'value' });
  return all;
}

function capture(learner: Learner, at: Position): FitState {
  const tensors: Record<string, Float32Array> = {};
  for (const [name, { holder, key }] of held(learner))
    tensors[name] = (holder[key] as Tensor).dataSync<'float32'>();
  return { position: structuredClone(at), tensors };
}

/** Puts what was found into the learner; undefined where nothing was, or it is of other shapes. */
function restore(tf: TensorFlow, learner: Learner, keeper: Keeper): Position | undefined {
  if (!keeper.found) return undefined;
  const { position, tensors } = keeper.found;
  const all = held(learner);
  for (const [name, { holder, key }] of all) {
    if (tensors[name]?.length === holder[key]?.size) continue;
    keeper.refuse(`${name} has ${tensors[name]?.length} numbers, not ${holder[key]?.size}`);
    return undefined;
  }
  for (const [name, { holder, key }] of all) {
    const { shape } = holder[key] as Tensor;
    tf.dispose(holder[key] as Tensor);
    holder[key] = tf.tensor(tensors[name] as Float32Array, shape);
  }
  return structuredClone(position);
}
