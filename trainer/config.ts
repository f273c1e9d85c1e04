import { tmpdir } from 'node:os';
import { StepError, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { z } from 'zod';
import type { TrainerConfig } from './step.ts';

const environment = z.object({
  SCRATCH_DIR: z.string().default(tmpdir()),
  DATABASE_URL_FILE: z.string().optional(),
  TRAIN_DEVICE: z.enum(['cpu', 'gpu']).default('cpu'),
  BACKBONE_DIR: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** The trainer's environment as data. Throws BadConfiguration naming the variable. */
export function readConfig(env: NodeJS.ProcessEnv): TrainerConfig {
  // A pod template writes an unset value as an empty string; that is not a setting.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StepError(
      'BadConfiguration',
      `The environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}.`,
    );
  }
  const seen = parsed.data;
  return {
    store: storeSettingsFromEnv(env),
    scratchDir: seen.SCRATCH_DIR,
    databaseUrlFile: seen.DATABASE_URL_FILE,
    trainDevice: seen.TRAIN_DEVICE,
    backboneDir: seen.BACKBONE_DIR,
    cacheHome: seen.XDG_CACHE_HOME,
    logLevel: seen.LOG_LEVEL,
  };
}

/** Where the result goes for the kubelet to read; known even where the rest of the environment is wrong. */
export function terminationMessagePath(env: NodeJS.ProcessEnv): string | undefined {
  return env.TERMINATION_MESSAGE_PATH || undefined;
}
