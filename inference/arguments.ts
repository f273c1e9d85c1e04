import { parseArgs } from 'node:util';
import { StepError } from '@shelfwise/trainer-contract/messages';
import type * as z from 'zod';

/** Parses `--name VALUE` options by a schema of strings. Throws BadConfiguration naming the option. */
export function parseOptions<T extends z.ZodObject>(
  command: string,
  args: string[],
  schema: T,
): z.infer<T> {
  let values: Record<string, unknown>;
  try {
    const options = Object.fromEntries(
      Object.keys(schema.shape).map((name) => [name, { type: 'string' as const }]),
    );
    values = parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    throw new StepError('BadConfiguration', `${command}: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0]);
  const what = values[name] === undefined ? 'is missing' : `is wrong: ${issue?.message}`;
  throw new StepError('BadConfiguration', `${command}: --${name} ${what}.`);
}
