import { tmpdir } from 'node:os';
import { readEnvironment, StepError, storeSettingsFromEnv } from '@shelfwise/trainer-contract';
import { z } from 'zod';
import type { TrainerConfig } from './step.ts';

const environment = z.object({
  SCRATCH_DIR: z.string().default(tmpdir()),
  DATABASE_URL_FILE: z.string().optional(),
  TRAIN_DEVICE: z.enum(['cpu', 'gpu']).default('cpu'),
  BACKBONE_DIR: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  // MLflow's own names, but for the folder: a password has no place in an environment.
  MLFLOW_TRACKING_URI: z
    .url({ protocol: /^https?$/ })
    .refine((uri) => !/[@?#]/.test(uri), 'it must not hold user, password or query')
    .optional(),
  MLFLOW_EXPERIMENT_NAME: z.string().optional(),
  MLFLOW_CREDENTIALS_DIR: z.string().optional(),
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
    mlflow: mlflowSettings(seen),
    logLevel: seen.LOG_LEVEL,
  };
}

function mlflowSettings(seen: z.infer<typeof environment>): TrainerConfig['mlflow'] {
  const { MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: experiment } = seen;
  if (uri === undefined) return undefined;
  if (experiment === undefined)
    throw new StepError(
      'BadConfiguration',
      'The environment variable MLFLOW_EXPERIMENT_NAME is missing: MLFLOW_TRACKING_URI needs it.',
    );
  return { uri, experiment, credentialsDir: seen.MLFLOW_CREDENTIALS_DIR };
}
