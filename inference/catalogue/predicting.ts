import type { PredictOptions } from '../engine/engine.ts';
import { ItemError, OverloadError, WorkerLostError } from '../engine/errors.ts';
import { best } from '../http/predict-response.ts';
import { Problem } from '../http/problems.ts';
import type { ServiceState } from '../http/service.ts';
import type { Outcome } from './outcome.ts';

/** How many classes a product keeps of each answer. */
const kept = 5;

export interface Describable {
  designation: string;
  description: string | null;
  picture: Uint8Array | null;
}

/**
 * What the release that serves makes of a product. One that is busy, or not there yet, is asked again later; words that the model does not know
 * are no fault of the product. Throws `unusable-part` for a picture that cannot be read, AbandonedError where the caller is gone.
 */
export async function ask(
  state: ServiceState,
  { designation, description, picture }: Describable,
  options: PredictOptions,
): Promise<Outcome> {
  const { loaded } = state;
  if (!loaded) return { status: 'pending', lost: false };
  const { engine, served } = loaded;
  try {
    // The engine takes the picture's buffer for itself.
    const item = { designation, description, picture: picture && new Uint8Array(picture) };
    const { combined, text, image } = await engine.predict(item, options);
    const of = (probabilities: Float32Array) => best(probabilities, served.classes, kept);
    const classes = of(combined);
    const [first] = classes;
    if (!first) return { status: 'none', reason: 'The model knows no class.' };
    return {
      status: 'done',
      prediction: {
        release: served.release,
        digest: served.digest,
        ...first,
        classes,
        text: text && of(text),
        image: image && of(image),
        at: new Date().toISOString(),
      },
    };
  } catch (error) {
    if (error instanceof OverloadError) return { status: 'pending', lost: false };
    if (error instanceof WorkerLostError) return { status: 'pending', lost: true };
    if (!(error instanceof ItemError)) throw error;
    if (error.fault === 'picture')
      throw new Problem('unusable-part', error.message, { part: 'image', cause: error });
    return { status: 'none', reason: reasons[error.fault] };
  }
}

const reasons = {
  empty: 'The text holds no word that the model knows, and there is no image.',
  model: 'The model gave numbers that are no probabilities for this product.',
} as const;
