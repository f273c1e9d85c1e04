/**
 * What a step of a release tells whoever started it: its exit code and its termination message.
 * This file depends on zod alone, so that the operator can import it without S3 or picture code.
 */
import { z } from 'zod';

/** Exit codes of snapshot, train and evaluate, by reason. 1 is left for what nobody foresaw: a bug. */
export const exitCodes = {
  BadConfiguration: 10,
  BadData: 11,
  Diverged: 12,
  LostRace: 13,
  NoGPU: 14,
  Interrupted: 20,
  StoreUnreachable: 21,
} as const;

export type StepReason = keyof typeof exitCodes;

/** A failure with a reason from the closed set. The message is one sentence: object, part, way out. */
export class StepError extends Error {
  readonly reason: StepReason;

  constructor(reason: StepReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StepError';
    this.reason = reason;
  }
}

/** The process exit code for what was thrown: a StepError's own, 1 for anything else. */
export function exitCodeOf(error: unknown): number {
  return error instanceof StepError ? exitCodes[error.reason] : 1;
}

/** `sha256:` and 64 lowercase hexadecimal digits. */
export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256:<64 hex>');

/** A release's name: it is part of object keys and of a Kubernetes label. */
export const releaseNameSchema = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be lowercase letters, digits and dashes');

const count = z.number().int().nonnegative();

export const snapshotMessageSchema = z.object({
  step: z.literal('snapshot'),
  ok: z.literal(true),
  dataset: digestSchema,
  products: count,
  train: count,
  holdout: count,
  classes: count,
  groups: count,
  invalid: count,
  invalidExamples: z.array(z.string()).max(5),
});
export type SnapshotMessage = z.infer<typeof snapshotMessageSchema>;

export const trainMessageSchema = z.object({
  step: z.literal('train'),
  ok: z.literal(true),
  release: releaseNameSchema,
  digest: digestSchema,
  dataset: digestSchema,
  seconds: z.number().nonnegative(),
  /** On the validation part of train, never on the holdout. */
  metrics: z.object({ accuracy: z.number(), macroF1: z.number() }),
});
export type TrainMessage = z.infer<typeof trainMessageSchema>;

export const failureMessageSchema = z.object({
  step: z.string(),
  ok: z.literal(false),
  exitCode: z.number().int().positive(),
  /** One of StepReason, or `Bug` for exit code 1. */
  reason: z.string(),
  message: z.string(),
});
export type FailureMessage = z.infer<typeof failureMessageSchema>;

/** What the kubelet keeps of a termination message. */
export const terminationMessageLimitBytes = 4096;

/**
 * The termination message of a step that succeeded.
 * Throws a StepError when it is over the limit: a message that was cut would be read as a wrong one.
 */
export function successTermination(message: object): string {
  const text = JSON.stringify(message);
  const bytes = Buffer.byteLength(text);
  if (bytes > terminationMessageLimitBytes) {
    throw new StepError(
      'BadData',
      `The result of this step is ${bytes} bytes, over the ${terminationMessageLimitBytes} bytes that a termination message holds.`,
    );
  }
  return text;
}

/** The failure as data. What is no StepError is reported as a bug with exit code 1. */
export function failureMessage(step: string, error: unknown): FailureMessage {
  return {
    step,
    ok: false,
    exitCode: exitCodeOf(error),
    reason: error instanceof StepError ? error.reason : 'Bug',
    message: error instanceof Error ? error.message : String(error),
  };
}

/** The termination message of a step that failed; its sentence is shortened where it would not fit. */
export function failureTermination(failure: FailureMessage): string {
  const whole = JSON.stringify(failure);
  if (Buffer.byteLength(whole) <= terminationMessageLimitBytes) return whole;
  const characters = Array.from(failure.message);
  const shortened = (kept: number) =>
    JSON.stringify({ ...failure, message: `${characters.slice(0, kept).join('')}…` });
  let [fits, over] = [0, Math.min(characters.length, terminationMessageLimitBytes)];
  while (over - fits > 1) {
    const middle = Math.floor((fits + over) / 2);
    if (Buffer.byteLength(shortened(middle)) <= terminationMessageLimitBytes) fits = middle;
    else over = middle;
  }
  return shortened(fits);
}
