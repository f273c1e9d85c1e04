import { parseArgs } from 'node:util';
import { StepError } from '@shelfwise/trainer-contract/messages';
import type { z } from 'zod';

/**
 * Options of a command line by a schema of their names: `--name value` or `--name=value`, each once.
 * Throws BadConfiguration naming the option that is missing, unknown or wrong.
 */
export function parseOptions<T extends z.ZodObject>(schema: T, args: string[]): z.infer<T> {
  const options = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, { type: 'string' as const }]),
  );
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args, options, strict: true, allowPositionals: false }));
  } catch (cause) {
    const [sentence] = (cause as Error).message.split('. ');
    throw new StepError('BadConfiguration', `${sentence}; --help tells the options.`, { cause });
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = `--${issue?.path.join('.')}`;
  const given = values[String(issue?.path[0])];
  throw new StepError(
    'BadConfiguration',
    given === undefined
      ? `The option ${name} is missing; --help tells the options.`
      : `The option ${name} ${JSON.stringify(given)} is wrong: ${issue?.message}.`,
  );
}
