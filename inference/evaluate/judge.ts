import type { Sample } from '@shelfwise/trainer-contract';
import type { Engine } from '../engine/engine.ts';
import { ItemError } from '../engine/errors.ts';
import type { Prediction } from '../engine/item.ts';
import { likeliest } from '../engine/likeliest.ts';
import { type Answers, createAnswers, type Names } from './answers.ts';

export interface Judged {
  answers: Answers;
  /** Products whose picture could not be decoded: judged by their text alone. */
  unreadablePictures: number;
}

export interface JudgeSettings {
  engine: Engine;
  /** labels.json, in the order of the model's outputs. */
  labels: readonly string[];
  /** Where classes get their numbers: the same for all models that are to be compared. */
  classes: Names;
  /** Told of each sample before the model has it, and of its row. */
  onSample?: (sample: Sample, row: number) => void;
  /** How many samples there will be. */
  products: number;
  /** Products in flight: enough that no worker waits for the next. */
  inFlight: number;
  signal: AbortSignal;
  onProduct?: () => void;
}

/**
 * Lets the model classify every sample and notes what it says of each, in the samples' order whatever the order of the
 * answers. Rejects with the signal's reason when it is aborted, and when the model itself fails.
 */
export async function judge(
  samples: AsyncIterable<Sample>,
  settings: JudgeSettings,
): Promise<Judged> {
  const { engine, classes, inFlight, signal, onSample, onProduct } = settings;
  const answers = createAnswers(settings.products);
  const labels = settings.labels.map(classes.place);
  let unreadablePictures = 0;

  async function one(sample: Sample, row: number): Promise<void> {
    const truth = classes.place(sample.class);
    answers.truth[row] = truth;
    onSample?.(sample, row);
    const prediction = await classify(engine, sample, () => unreadablePictures++);
    note(answers, row, labels, labels.indexOf(truth), prediction);
    onProduct?.();
  }

  const running = new Set<Promise<void>>();
  let failure: unknown;
  let row = 0;
  for await (const sample of samples) {
    signal.throwIfAborted();
    const work: Promise<void> = one(sample, row++)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => running.delete(work));
    running.add(work);
    if (running.size >= inFlight) await Promise.race(running);
    if (failure !== undefined) throw failure;
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure;
  return { answers, unreadablePictures };
}

/** `labels`: the class of each output. `truth`: which output is right, -1 where the model does not know the class. */
function note(
  answers: Answers,
  row: number,
  labels: readonly number[],
  truth: number,
  prediction: Prediction | null,
): void {
  // Who says nothing is as unsure as can be: every class is as likely, and the true one is not among the first.
  if (!prediction) {
    answers.confidence[row] = 1 / labels.length;
    answers.truthProbability[row] = 1 / labels.length;
    answers.likelier[row] = 255;
    return;
  }
  const { combined, text, image } = prediction;
  const best = likeliest(combined);
  answers.said[row] = labels[best] as number;
  answers.confidence[row] = combined[best] as number;
  answers.truthProbability[row] = truth < 0 ? 0 : (combined[truth] as number);
  answers.likelier[row] = Math.min(255, truth < 0 ? 255 : rankOf(combined, truth));
  if (text) answers.saidByText[row] = labels[likeliest(text)] as number;
  if (image) answers.saidByPicture[row] = labels[likeliest(image)] as number;
}

/** The probabilities, or null for a product that offers nothing to go by. */
async function classify(
  engine: Engine,
  sample: Sample,
  onUnreadable: () => void,
): Promise<Prediction | null> {
  const { designation, description } = sample;
  try {
    return await engine.predict({ designation, description, picture: sample.picture });
  } catch (error) {
    if (!(error instanceof ItemError) || error.fault === 'model') throw error;
    if (error.fault === 'empty') return null;
    onUnreadable();
    return classify(engine, { ...sample, picture: null }, onUnreadable);
  }
}

/** How many come before it when the likeliest is first and, of equals, the one that is named first. */
function rankOf(probabilities: Float32Array, index: number): number {
  const own = probabilities[index] as number;
  let before = 0;
  probabilities.forEach((each, i) => {
    if (each > own || (each === own && i < index)) before++;
  });
  return before;
}
