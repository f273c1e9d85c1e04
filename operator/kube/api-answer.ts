import type { Dispatcher } from 'undici';
import { ApiError, type ApiStatus } from './api-error.ts';
import type { RequestInfo } from './request-info.ts';

export type Answer = Dispatcher.ResponseData;

/** The JSON of a good answer. */
export async function json<T>(info: RequestInfo, { statusCode, body }: Answer): Promise<T> {
  let text: string;
  try {
    text = await body.text();
  } catch (cause) {
    throw unanswered(info, cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `the answer (HTTP ${statusCode}, ${text.length} characters) is not JSON.`;
    throw new ApiError({ ...info, status: 0, reason: 'BadResponse', message, cause });
  }
}

/** What undici threw, in words. */
export function unanswered(info: RequestInfo, cause: unknown): ApiError {
  const {
    code = '',
    message = String(cause),
    errors = [],
  } = cause as Error & {
    code?: string;
    errors?: Error[];
  };
  const words = message || errors.map((error) => error.message).join('; ') || code;
  return new ApiError({
    ...info,
    status: 0,
    reason: /TIMEOUT/.test(code) ? 'Timeout' : 'Unreachable',
    message: `no answer from the API server (${words}).`,
    cause,
  });
}

/** The API server's no, in its own words. */
export async function refusal(info: RequestInfo, answer: Answer): Promise<ApiError> {
  const text = await answer.body.text().catch(() => '');
  const status = parseStatus(text);
  const header = answer.headers['retry-after'];
  const asked =
    retryAfterMs(Array.isArray(header) ? header[0] : header, Date.now()) ??
    (status?.details?.retryAfterSeconds ?? Number.NaN) * 1000;
  return new ApiError({
    ...info,
    status: answer.statusCode,
    reason: status?.reason || `HTTP${answer.statusCode}`,
    message: status?.message || `HTTP ${answer.statusCode} ${text.slice(0, 500)}`.trim(),
    ...(Number.isFinite(asked) ? { retryAfterMs: asked } : {}),
  });
}

/** Retry-After is a number of seconds or an HTTP date (RFC 9110, 10.2.3). What is neither asks for nothing. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function parseStatus(text: string): ApiStatus | undefined {
  try {
    const status = JSON.parse(text) as ApiStatus;
    return status.kind === 'Status' ? status : undefined;
  } catch {
    // A proxy in between, or the API server while it starts, answers in plain text: that text is the message.
    return undefined;
  }
}
