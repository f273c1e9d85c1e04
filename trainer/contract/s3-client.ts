import { readFileSync } from 'node:fs';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { StepError } from './messages.ts';
import type { Patience } from './s3-retry.ts';
import { readSecretPart } from './secret-folder.ts';
import type { StoreSettings } from './store-settings.ts';

/** An S3 client for the settings. Nothing is contacted yet; the CA's file is read at once. */
export function createS3Client(settings: StoreSettings, { silenceMs }: Patience): S3Client {
  const config: S3ClientConfig = {
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    // What is worth it is tried again by the store itself, which knows how far it came.
    maxAttempts: 1,
    // Every failure is thrown with its reason; the SDK's own warnings would only stand between progress lines.
    logger: silent,
    // Many stores other than AWS's refuse the newer checksums; what is written here carries its own SHA-256.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: silenceMs,
      httpAgent: { keepAlive: true, maxSockets: 64 },
      httpsAgent: { keepAlive: true, maxSockets: 64, ...authority(settings) },
    },
  };
  if (settings.endpoint) config.endpoint = settings.endpoint;
  const { credentialsDir } = settings;
  if (credentialsDir) config.credentials = () => readCredentials(credentialsDir);
  return new S3Client(config);
}

const silence = () => undefined;
const silent = { trace: silence, debug: silence, info: silence, warn: silence, error: silence };

function authority({ caFile }: StoreSettings): { ca?: Buffer } {
  if (!caFile) return {};
  try {
    return { ca: readFileSync(caFile) };
  } catch (cause) {
    throw new StepError(
      'BadConfiguration',
      `The S3 CA ${caFile} cannot be read: ${(cause as Error).message}.`,
      {
        cause,
      },
    );
  }
}

async function readCredentials(dir: string) {
  const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([
    readSecretPart(dir, 'AWS_ACCESS_KEY_ID'),
    readSecretPart(dir, 'AWS_SECRET_ACCESS_KEY'),
    readSecretPart(dir, 'AWS_SESSION_TOKEN'),
  ]);
  const missing = accessKeyId ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID';
  if (!accessKeyId || !secretAccessKey) {
    throw new StepError('BadConfiguration', `The S3 credentials have no key ${missing} in ${dir}.`);
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    // What expires soon the SDK asks for again at each request: so that a changed Secret is seen.
    expiration: new Date(Date.now() + 1000),
  };
}
