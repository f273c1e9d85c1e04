import { tmpdir } from 'node:os';
import { readEnvironment, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
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
  const seen = readEnvironment(environment, env);
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
