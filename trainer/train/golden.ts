import { decodePicture, type Golden, textFeatures } from '@shelfwise/trainer-contract';
import type { Example } from '../features/products.ts';
import type { TensorFlow } from '../native/tensorflow.ts';
import type { Architecture, Calibrated, Fitted } from './architecture.ts';

/** Other CPUs and other kernels differ in the sixth decimal; a wrong model in the first. */
const tolerance = 1e-3;

interface Case {
  readonly designation: string | null;
  readonly description: string | null;
  readonly picture: Buffer | null;
}

/** Inputs as a client sends them and what the model answers, computed in TensorFlow: whoever serves it must answer the same. */
export async function goldenCases(
  tf: TensorFlow,
  architecture: Architecture,
  model: Fitted & Calibrated,
  examples: readonly Example[],
): Promise<Golden> {
  const cases = vary(examples);
  const inputs = await Promise.all(
    cases.map(async ({ designation, description, picture }) => ({
      text: textFeatures(designation, description, model.text),
      pixels: picture && (await decodePicture(picture, model.imageSize)),
    })),
  );
  const outputs = architecture.reference(tf, model, inputs);
  return {
    schemaVersion: 1,
    tolerance,
    cases: cases.map(({ designation, description, picture }, i) => ({
      designation,
      description,
      image: picture?.toString('base64') ?? null,
      probabilities: rounded(outputs[i]?.probabilities),
      text: rounded(outputs[i]?.text),
      picture: rounded(outputs[i]?.picture),
    })),
  };
}

/** Each example whole; the first also by its text alone, by its name alone and by its picture alone. */
function vary(examples: readonly Example[]): Case[] {
  const [first] = examples;
  if (!first) return [];
  const parts: Case[] = [
    { ...first, picture: null },
    { ...first, description: null, picture: null },
  ];
  if (first.picture) parts.push({ designation: null, description: null, picture: first.picture });
  return [...examples, ...parts];
}

function rounded(values: readonly number[] = []): number[] {
  return values.map((value) => Math.round(value * 1e7) / 1e7);
}
