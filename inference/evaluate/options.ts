import { digestSchema, releaseNameSchema, StepError } from '@shelfwise/trainer-contract';
import * as z from 'zod';
import { parseOptions } from '../arguments.ts';
import type { Asked } from './facts.ts';

export const evaluateUsage = `Usage: inference evaluate --store URL --release NAME --dataset sha256:HEX
         [--digest sha256:HEX] [--champion-release NAME --champion-digest sha256:HEX] [--gate JSON]

Verifies the release's model tar and scores it, and the champion if one is named, on the dataset's held-out products with the
engine that serves. Writes releases/NAME/evaluation.json and, for people, releases/NAME/report.html; the last line of stdout
is the facts as JSON.
`;

const gateSchema = z.string().transform((text, context) => {
  try {
    return z.json().parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

const optionsSchema = z.object({
  store: z.string(),
  release: releaseNameSchema,
  dataset: digestSchema,
  digest: digestSchema.optional(),
  'champion-release': releaseNameSchema.optional(),
  'champion-digest': digestSchema.optional(),
  gate: gateSchema.optional(),
});

export interface EvaluateOptions extends Omit<Asked, 'candidate'> {
  store: string;
  /** The digest may be left to the release's manifest. */
  candidate: { release: string; digest: string | undefined };
}

/** Throws BadConfiguration naming the option. */
export function evaluateOptions(args: string[]): EvaluateOptions {
  const options = parseOptions('evaluate', args, optionsSchema);
  const { 'champion-release': release, 'champion-digest': digest } = options;
  if ((release === undefined) !== (digest === undefined)) {
    throw new StepError(
      'BadConfiguration',
      'evaluate: --champion-release and --champion-digest go together: give both or none.',
    );
  }
  return {
    store: options.store,
    candidate: { release: options.release, digest: options.digest },
    champion: release !== undefined && digest !== undefined ? { release, digest } : null,
    dataset: options.dataset,
    gate: options.gate ?? null,
  };
}
