import type { Explanation, PredictResponse } from '@shelfwise/inference-contract';
import type { Prediction } from '../engine/item.ts';

export interface Served {
  release: string;
  digest: string;
  classes: string[];
}

/** The answer's JSON for a prediction. */
export function predictionJson(
  served: Served,
  prediction: Prediction,
  top: number,
  explanation?: Explanation,
): string {
  const { release, digest, classes: labels } = served;
  const answer: PredictResponse = {
    release,
    digest,
    classes: best(prediction.combined, labels, top),
    text: prediction.text && best(prediction.text, labels, top),
    image: prediction.image && best(prediction.image, labels, top),
    ...(explanation && { explanation }),
  };
  return JSON.stringify(answer);
}

/** The `top` likeliest classes, best first; of equals the one that stands first in labels.json. */
export function best(probabilities: Float32Array, classes: string[], top: number) {
  const kept: number[] = [];
  const at = (i: number) => probabilities[i] as number;
  for (let i = 0; i < probabilities.length; i++) {
    let place = kept.length;
    while (place > 0 && at(i) > at(kept[place - 1] as number)) place--;
    if (place >= top) continue;
    kept.splice(place, 0, i);
    if (kept.length > top) kept.pop();
  }
  // float32 holds seven digits: more would be noise on the wire.
  return kept.map((i) => ({
    class: classes[i] as string,
    probability: Math.round(at(i) * 1e6) / 1e6,
  }));
}
