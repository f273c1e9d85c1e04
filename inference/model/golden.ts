import { type Golden, StepError } from '@shelfwise/trainer-contract';
import type { Engine } from '../engine/engine.ts';
import { ItemError } from '../engine/errors.ts';

type GoldenCase = Golden['cases'][number];

/**
 * Asks the engine what golden.json asks, and compares with the answers that the trainer saw: the same decoder,
 * the same tokeniser, the same numbers. Throws BadData naming the case, the class and both numbers.
 */
export async function replayGolden(
  engine: Engine,
  golden: Golden,
  classes: string[],
): Promise<void> {
  for (const [i, asked] of golden.cases.entries()) {
    const name = `case ${i + 1} of golden.json`;
    const answer = await engine.predict(itemOf(asked)).catch((cause: unknown) => {
      if (!(cause instanceof ItemError)) throw cause;
      throw new StepError('BadData', `The model fails ${name}: ${cause.message}`, { cause });
    });
    compare(
      answer.combined,
      asked.probabilities,
      `${name}, probabilities`,
      golden.tolerance,
      classes,
    );
    if (answer.text) compare(answer.text, asked.text, `${name}, text`, golden.tolerance, classes);
    if (answer.image)
      compare(answer.image, asked.picture, `${name}, picture`, golden.tolerance, classes);
  }
}

function itemOf({ designation, description, image }: GoldenCase) {
  const picture = image === null ? null : new Uint8Array(Buffer.from(image, 'base64'));
  return { designation, description, picture };
}

function compare(
  answer: Float32Array,
  expected: readonly number[],
  name: string,
  tolerance: number,
  classes: string[],
): void {
  if (expected.length !== answer.length) {
    throw new StepError(
      'BadData',
      `The ${name}, has ${expected.length} numbers, but labels.json has ${answer.length} classes.`,
    );
  }
  answer.forEach((got, c) => {
    const want = expected[c] as number;
    if (Math.abs(got - want) <= tolerance) return;
    throw new StepError(
      'BadData',
      `The model fails ${name}: for class ${JSON.stringify(classes[c])} it gives ${got.toPrecision(6)}, golden.json says ${want} (tolerance ${tolerance}): the model or its preprocessing is not what the trainer tried.`,
    );
  });
}
