import { eachAnswer } from '../judge/answers.ts';
import { toProbabilities } from '../judge/calibration.ts';
import { type Answers, choose } from '../judge/predictions.ts';
import type { Calibrated, ReferenceInput, ReferenceOutput } from './architecture.ts';

/** From what the three classifiers say of one product to what the service answers. */
export function answerOf(
  margins: Answers,
  { classes: { length: classes }, temperatures }: Pick<Calibrated, 'classes' | 'temperatures'>,
  { text, pixels }: ReferenceInput,
): ReferenceOutput {
  const labels = Int32Array.of(0);
  const each = eachAnswer((name) =>
    toProbabilities({ classes, values: margins[name], labels }, temperatures[name]),
  );
  const probabilities = choose(each, {
    hasText: Uint8Array.of(text.present ? 1 : 0),
    hasPicture: Uint8Array.of(pixels ? 1 : 0),
    classes,
  });
  return { probabilities: [...probabilities], text: [...each.text], picture: [...each.picture] };
}
