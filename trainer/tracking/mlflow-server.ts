import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { readSecretPart } from '@shelfwise/trainer-contract';

/** Where MLflow is and how to be let in. */
export interface MlflowSettings {
  /** http:// or https://, perhaps with a path. */
  uri: string;
  experiment: string;
  /**
   * Folder with a file `token`, or with `username` and `password`, and perhaps with `ca.crt` (PEM). Read again at each call, so
   * that a renewed Secret is seen.
   */
  credentialsDir?: string | undefined;
}

/** What came of a call that MLflow did not do. Without a status it did not answer at all. */
export class MlflowError extends Error {
  readonly status: number | undefined;
  /** MLflow's own name of the error, for example RESOURCE_DOES_NOT_EXIST. */
  readonly code: string | undefined;

  constructor(message: string, status?: number, code?: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MlflowError';
    this.status = status;
    this.code = code;
  }
}

const answerLimitBytes = 4 * 2 ** 20;

/**
 * Calls MLflow's REST API once; a GET sends `body` as the query. Throws MlflowError. Over after `timeoutMs`, whatever the
 * server does.
 */
export async function callMlflow<T>(
  settings: MlflowSettings,
  { method, path, body, timeoutMs }: MlflowCall,
): Promise<T> {
  const url = new URL(settings.uri);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/2.0/mlflow/${path}`;
  if (method === 'GET') url.search = new URLSearchParams(body as Record<string, string>).toString();
  const access = await readAccess(settings.credentialsDir);
  const payload = method === 'POST' ? Buffer.from(JSON.stringify(body)) : undefined;
  const { status, text } = await send(url, {
    method,
    payload,
    timeoutMs,
    headers: { accept: 'application/json', ...access.headers },
    ca: access.ca,
  });
  const answer = parsed(text);
  if (status === 200 && answer !== undefined) return answer as T;
  const { error_code: code, message } = (answer ?? {}) as { error_code?: string; message?: string };
  const words = message ?? (status === 200 ? 'it is no JSON: is this MLflow?' : oneLine(text));
  throw new MlflowError(`it answered ${status}: ${words}`, status, code);
}

export interface MlflowCall {
  method: 'GET' | 'POST';
  /** Behind api/2.0/mlflow/. */
  path: string;
  body: Record<string, unknown>;
  timeoutMs: number;
}

interface Sent {
  method: string;
  payload: Buffer | undefined;
  timeoutMs: number;
  headers: Record<string, string>;
  ca: string | undefined;
}

function send(url: URL, { method, payload, timeoutMs, headers, ca }: Sent) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const fail = (cause: Error & { code?: string }) =>
      reject(
        new MlflowError(
          [cause.code, cause.message].filter(Boolean).join(': '),
          undefined,
          undefined,
          {
            cause,
          },
        ),
      );
    const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = open(url, {
      method,
      headers: {
        ...headers,
        ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
      },
      // For all of it: a server that trickles is as good as one that is silent.
      signal: AbortSignal.timeout(timeoutMs),
      ...(ca && { ca }),
    });
    outgoing.on('error', (error: Error) =>
      fail(
        error.name === 'AbortError' ? new Error(`no answer within ${timeoutMs / 1000} s`) : error,
      ),
    );
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > answerLimitBytes) outgoing.destroy(new Error('its answer is too long'));
        else chunks.push(chunk);
      });
      incoming.on('error', fail);
      incoming.on('aborted', () =>
        fail(new Error('the connection broke in the middle of an answer')),
      );
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.end(payload);
  });
}

async function readAccess(
  folder: string | undefined,
): Promise<{ headers: Record<string, string>; ca: string | undefined }> {
  if (folder === undefined) return { headers: {}, ca: undefined };
  const [token, username, password, ca] = await Promise.all(
    ['token', 'username', 'password', 'ca.crt'].map((name) => readSecretPart(folder, name)),
  );
  if (token) return { headers: { authorization: `Bearer ${token}` }, ca };
  if (username && password) {
    const pair = Buffer.from(`${username}:${password}`).toString('base64');
    return { headers: { authorization: `Basic ${pair}` }, ca };
  }
  if (ca) return { headers: {}, ca };
  throw new MlflowError(
    `${folder} holds neither token nor username and password: correct the Secret`,
  );
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // A proxy's page, for example: the status says enough.
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200) || 'without a word';
}
