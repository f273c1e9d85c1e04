import { z } from 'zod';
import { readEnvironment } from './environment.ts';

/** How to reach S3. Paths are of files that are read again when they change. */
export interface StoreSettings {
  region: string;
  /** Another endpoint than AWS's own, as a URL. */
  endpoint?: string | undefined;
  forcePathStyle: boolean;
  /** PEM of the authority that signed the endpoint's certificate. */
  caFile?: string | undefined;
  /** Folder with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, perhaps, AWS_SESSION_TOKEN. Without it: the SDK's default chain. */
  credentialsDir?: string | undefined;
}

const environment = z.object({
  AWS_REGION: z.string().min(1).default('us-east-1'),
  AWS_ENDPOINT_URL_S3: z.url({ protocol: /^https?$/ }).optional(),
  S3_FORCE_PATH_STYLE: z.enum(['true', 'false']).default('false'),
  S3_CA_FILE: z.string().min(1).optional(),
  S3_CREDENTIALS_DIR: z.string().min(1).optional(),
});

/** The settings from a program's environment. Throws BadConfiguration naming the variable. */
export function storeSettingsFromEnv(env: Record<string, string | undefined>): StoreSettings {
  const seen = readEnvironment(environment, env);
  return {
    region: seen.AWS_REGION,
    endpoint: seen.AWS_ENDPOINT_URL_S3,
    forcePathStyle: seen.S3_FORCE_PATH_STYLE === 'true',
    caFile: seen.S3_CA_FILE,
    credentialsDir: seen.S3_CREDENTIALS_DIR,
  };
}
