import type { z } from 'zod';
import { StepError } from './messages.ts';

/** A program's environment as data, by its schema. Throws BadConfiguration naming the variable. */
export function readEnvironment<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  // A pod template writes an unset value as an empty string; that is not a setting.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const parsed = schema.safeParse(set);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new StepError(
    'BadConfiguration',
    `The environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}.`,
  );
}

/** Where the result goes for the kubelet to read; known even where the rest of the environment is wrong. */
export function terminationMessagePath(env: NodeJS.ProcessEnv): string | undefined {
  return env.TERMINATION_MESSAGE_PATH || undefined;
}
