import type { z } from 'zod';
import { StepError } from './messages.ts';

/** Parses bytes as JSON of a schema. Throws BadData naming the document and the field. */
export function parseDocument<T extends z.ZodType>(
  schema: T,
  bytes: Uint8Array,
  name: string,
): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new StepError('BadData', `${name} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'the document';
  throw new StepError('BadData', `${name} is not of its schema: ${field}: ${issue?.message}.`);
}
