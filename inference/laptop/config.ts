import { homedir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '@shelfwise/trainer-contract';
import * as z from 'zod';
import { readConfig } from '../config.ts';
import type { InferenceConfig } from '../step.ts';
import type { DataFolder } from './data-folder.ts';

const environment = z.object({
  /** npm's word for where a person called it: npm itself goes to the project's folder. */
  INIT_CWD: z.string().default(process.cwd()),
  XDG_DATA_HOME: z.string().startsWith('/').optional(),
  LOG_LEVEL: z.string().default('warn'),
});

export interface LaptopConfig {
  /** What relative paths are relative to. */
  cwd: string;
  /** Where data are kept unless told. */
  dataFolder: string;
  logLevel: string;
}

/** The environment as data. */
export function readLaptopConfig(env: NodeJS.ProcessEnv): LaptopConfig {
  const { INIT_CWD, XDG_DATA_HOME, LOG_LEVEL } = readEnvironment(environment, env);
  // The database of root runs as another user, who may not enter root's home.
  const base =
    process.getuid?.() === 0 ? '/var/lib' : (XDG_DATA_HOME ?? join(homedir(), '.local/share'));
  return { cwd: INIT_CWD, dataFolder: join(base, 'shelfwise'), logLevel: LOG_LEVEL };
}

/**
 * What the service is told in place of a pod's environment. What a person set otherwise (workers, deadline, access to an S3
 * store) holds.
 */
export function serviceConfig(env: NodeJS.ProcessEnv, data: DataFolder): InferenceConfig {
  return readConfig({
    ...env,
    DATABASE_URL_FILE: data.databaseUrlFile,
    TOKEN_KEYS_DIR: data.tokenKeys,
    ADMIN_CREDENTIALS_DIR: data.adminCredentials,
    SHUTDOWN_DELAY_MS: '0',
    LOG_LEVEL: readLaptopConfig(env).logLevel,
    KUBERNETES_SERVICE_HOST: '',
  });
}
