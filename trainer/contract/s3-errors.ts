import { StepError } from './messages.ts';
import { StoreConflict, StoreNotFound, StoreUnreachable } from './store-errors.ts';

interface S3Failure extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** What is known about the request that failed. */
export interface S3Request {
  verb: string;
  key: string;
  /** The store's URL, for people. */
  url: string;
  bucket: string;
  endpoint: string;
}

const credentialErrors = new Set([
  'AccessDenied',
  'Forbidden',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'CredentialsProviderError',
]);
const regionErrors = new Set(['PermanentRedirect', 'AuthorizationHeaderMalformed']);
/** Refusals of the 400s that do not mean that the request itself was wrong. */
const passing = new Set(['RequestTimeout', 'RequestTimeTooSkewed', 'ExpiredToken', 'BadDigest']);
const certificateErrors =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_|CERT_)/;

/** Turns what the SDK threw into one of the store's errors, with a sentence for people. */
export function explainS3(error: unknown, request: S3Request): unknown {
  if (error instanceof StepError) return error;
  const failure = error as S3Failure;
  const { verb, key, url, bucket, endpoint } = request;
  const status = failure.$metadata?.httpStatusCode;
  const options = { cause: error };
  const refuse = (sentence: string) => new StepError('BadConfiguration', sentence, options);
  if (failure.name === 'NoSuchBucket') {
    return refuse(
      `There is no bucket ${bucket} at ${endpoint}: create it, or correct the store's address.`,
    );
  }
  if (status === 404) return new StoreNotFound(url, key, options);
  if (status === 412) return new StoreConflict(url, key, options);
  if (credentialErrors.has(failure.name)) {
    return refuse(
      `${endpoint} does not let these credentials ${verb} ${key} in ${url} (${failure.name}: ${oneLine(failure)}): check them and their rights.`,
    );
  }
  if (regionErrors.has(failure.name)) {
    return refuse(`The bucket ${bucket} is in another region than was said (${oneLine(failure)}).`);
  }
  if (certificateErrors.test(failure.code ?? '')) {
    return refuse(
      `The certificate of ${endpoint} is not trusted (${failure.code}): name its authority in the CA setting.`,
    );
  }
  if (status && isRefusal(status) && !passing.has(failure.name)) {
    return refuse(
      `${endpoint} refuses to ${verb} ${key} in ${url} (${failure.name}: ${oneLine(failure)}).`,
    );
  }
  const reason = [failure.code ?? failure.name, oneLine(failure)].filter(Boolean).join(': ');
  return new StoreUnreachable(`${endpoint} did not ${verb} ${key} in ${url} (${reason}).`, options);
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 409, 429].includes(status);
}

/** Whether the same request may succeed when it is sent again. */
export function isTransient(error: unknown): boolean {
  const nowhere = { verb: '', key: '', url: '', bucket: '', endpoint: '' };
  return explainS3(error, nowhere) instanceof StoreUnreachable;
}

/** Whether the store, or the way to it, gave no sign for as long as is waited. */
export function isSilence(error: unknown): boolean {
  return (error as Error).name === 'TimeoutError';
}

function oneLine(error: Error): string {
  return error.message.split('\n', 1)[0]?.replace(/\.$/, '') ?? '';
}
