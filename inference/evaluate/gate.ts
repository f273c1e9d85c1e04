import type { EvaluationFacts } from '@shelfwise/inference-contract';
import { StepError } from '@shelfwise/trainer-contract/messages';
import * as z from 'zod';

const usualConfidence = 0.95;

/** What evaluate reads of the gate; the rest is the operator's and comes back as it was. */
const gateSchema = z.looseObject({
  metrics: z
    .array(z.looseObject({ name: z.string(), minimum: z.string() }))
    .nullish()
    .catch(null),
  perClass: z
    .looseObject({ minimumSupport: z.number().nullish().catch(null) })
    .nullish()
    .catch(null),
  champion: z.looseObject({ confidence: z.unknown() }).nullish().catch(null),
});

export interface GateNumbers {
  /** Floors, as the spec has them: decimals. */
  minima: { name: string; minimum: string }[];
  /** The support below which the gate's rule for single classes does not look at a class. */
  minimumSupport: number;
  /** Of the bounds on differences to the champion. */
  confidence: number;
}

/** Throws BadConfiguration for a confidence that no bound can have: with another one the gate would decide by what it did not ask for. */
export function gateNumbers(gate: EvaluationFacts['gate']): GateNumbers {
  const read = gateSchema.safeParse(gate ?? {}).data;
  const support = read?.perClass?.minimumSupport;
  const asked = read?.champion?.confidence;
  const confidence = decimal(asked ?? usualConfidence);
  if (!(confidence >= 0.5 && confidence <= 0.999))
    throw new StepError(
      'BadConfiguration',
      `evaluate: champion.confidence of --gate is ${JSON.stringify(asked)}: give a decimal from 0.5 to 0.999.`,
    );
  return {
    minima: (read?.metrics ?? []).map(({ name, minimum }) => ({ name, minimum })),
    minimumSupport: typeof support === 'number' && support > 1 ? support : 1,
    confidence,
  };
}

/** Of a string, as the spec writes decimals, or of a number, as people do; NaN of everything else. */
function decimal(value: unknown): number {
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
}
