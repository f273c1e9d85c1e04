import { z } from 'zod';
import { StepError } from './messages.ts';

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
  const parsed = environment.safeParse(withoutEmpty(env));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StepError(
      'BadConfiguration',
      `The environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}.`,
    );
  }
  const seen = parsed.data;
  return {
    region: seen.AWS_REGION,
    endpoint: seen.AWS_ENDPOINT_URL_S3,
    forcePathStyle: seen.S3_FORCE_PATH_STYLE === 'true',
    caFile: seen.S3_CA_FILE,
    credentialsDir: seen.S3_CREDENTIALS_DIR,
  };
}

// A pod template writes an unset value as an empty string; that is not a setting.
function withoutEmpty(env: Record<string, string | undefined>) {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}
