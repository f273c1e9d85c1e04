import type { Sample } from '@shelfwise/trainer-contract';
import type { Engine } from '../engine/engine.ts';
import { ItemError } from '../engine/errors.ts';
import { createTally, type Tally } from './scores.ts';

export interface Judged {
  tally: Tally;
  /** Products whose picture could not be decoded: judged by their text alone. */
  unreadablePictures: number;
}

export interface JudgeSettings {
  engine: Engine;
  /** labels.json, in the order of the model's outputs. */
  classes: string[];
  /** Products in flight: enough that no worker waits for the next. */
  inFlight: number;
  signal: AbortSignal;
  onProduct?: () => void;
}

/**
 * Lets the model classify every sample and counts what it says against what is true. The order of answers does not matter
 * to the counts. Rejects with the signal's reason when it is aborted, and when the model itself fails.
 */
export async function judge(
  samples: AsyncIterable<Sample>,
  settings: JudgeSettings,
): Promise<Judged> {
  const { engine, classes, inFlight, signal, onProduct } = settings;
  const tally = createTally(classes);
  let unreadablePictures = 0;

  async function one(sample: Sample): Promise<void> {
    const answer = await classify(engine, sample, () => unreadablePictures++);
    tally.add(sample.class, answer && (classes[likeliest(answer)] as string));
    onProduct?.();
  }

  const running = new Set<Promise<void>>();
  let failure: unknown;
  for await (const sample of samples) {
    signal.throwIfAborted();
    const work: Promise<void> = one(sample)
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
  return { tally: tally.result(), unreadablePictures };
}

/** The probabilities, or null for a product that offers nothing to go by. */
async function classify(
  engine: Engine,
  sample: Sample,
  onUnreadable: () => void,
): Promise<Float32Array | null> {
  const { designation, description } = sample;
  try {
    return (await engine.predict({ designation, description, picture: sample.picture })).combined;
  } catch (error) {
    if (!(error instanceof ItemError) || error.fault === 'model') throw error;
    if (error.fault === 'empty') return null;
    onUnreadable();
    return classify(engine, { ...sample, picture: null }, onUnreadable);
  }
}

function likeliest(probabilities: Float32Array): number {
  let best = 0;
  for (let i = 1; i < probabilities.length; i++) {
    if ((probabilities[i] as number) > (probabilities[best] as number)) best = i;
  }
  return best;
}
