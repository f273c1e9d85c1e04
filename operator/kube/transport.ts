import type { Dispatcher } from 'undici';
import { type Answer, json, refusal, unanswered } from './api-answer.ts';
import { ApiError } from './api-error.ts';
import type { Connection } from './connection.ts';
import { guardedDispatch } from './guarded-dispatch.ts';
import { createPool } from './pool.ts';
import { createTokenBucket, defaultRateLimit, type RateLimit } from './rate-limit.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import { defaultRetries, type RetrySettings, withRetries } from './retry.ts';

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** What is undefined is left out. */
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** application/json, if not said otherwise. */
  contentType?: string;
  signal?: AbortSignal;
}

/** One HTTP exchange, retries counted one by one. `code` is the HTTP status, or 0 when no answer came. */
export interface Exchange extends RequestInfo {
  code: number;
  /** Until the head of the answer. */
  seconds: number;
}

/** A stream that is over: how long it lasted and what came. */
export interface Streamed extends RequestInfo {
  seconds: number;
  bytes: number;
  /** The server ended it in order, we left it, or it broke. */
  end: 'server' | 'client' | 'error';
}

export interface TransportOptions {
  connection: Connection;
  userAgent: string;
  /** For the answer's head, and for each pause in its body. */
  timeoutMs?: number;
  retries?: RetrySettings;
  /** Of all requests but streams; none with false. */
  rateLimit?: RateLimit | false;
  /** HTTP/1.1, if not said otherwise: it costs less CPU, and one dead connection does not hold up everything. */
  http2?: boolean;
  /** How often it is looked whether our certificates were renewed. */
  recheckMs?: number;
  observe?: (exchange: Exchange) => void;
  /** A request had to wait for its turn under our own rate limit. */
  throttled?: (info: RequestInfo, seconds: number) => void;
  streamed?: (stream: Streamed) => void;
  /**
   * Called at the last moment before each attempt at a request that is not a read is written to its connection. Throws where it
   * must not be: the request fails with ApiError Withheld, its words are the message, and nothing was sent.
   */
  guard?: (info: RequestInfo) => void;
}

export interface Transport {
  /** The answer's JSON. Throws ApiError. */
  request<T>(request: ApiRequest): Promise<T>;
  /**
   * The answer's bytes as they come, for watches and logs: no limit on their silence, never tried again. Ends when the
   * consumer leaves its loop or the signal aborts. Throws ApiError, in the loop too.
   */
  stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** The one way to the API server: a pool of keep-alive connections, shared by every request and watch. */
export function createTransport(options: TransportOptions): Transport {
  const { connection, userAgent, timeoutMs = 30_000, retries = defaultRetries } = options;
  const { rateLimit = defaultRateLimit, http2 = false, recheckMs } = options;
  const base = new URL(connection.server);
  const pool = createPool({ connection, http2, recheckMs });
  const bucket = rateLimit === false ? undefined : createTokenBucket(rateLimit);

  async function turn(request: ApiRequest, info: RequestInfo): Promise<void> {
    if (bucket === undefined) return;
    const seconds = await bucket.take(request.signal).catch((cause) => {
      throw unanswered(info, cause);
    });
    if (seconds > 0) options.throttled?.(info, seconds);
  }

  async function send(request: ApiRequest, info: RequestInfo, streaming: boolean): Promise<Answer> {
    if (!streaming) await turn(request, info);
    const started = performance.now();
    const answered = (code: number) =>
      options.observe?.({ ...info, code, seconds: (performance.now() - started) / 1000 });
    let answer: Answer;
    let withheld: unknown;
    const credentials = await unlessAborted(connection.headers(), request.signal).catch((cause) => {
      throw request.signal?.aborted ? unanswered(info, cause) : withoutCredentials(info, cause);
    });
    try {
      const agent = pool.dispatcher();
      const dispatcher =
        request.method === 'GET' ? agent : guarded(agent, info, (why) => (withheld = why));
      answer = await dispatcher.request({
        origin: base.origin,
        path: base.pathname.replace(/\/$/, '') + request.path + queryString(request.query),
        method: request.method,
        headers: {
          ...credentials,
          accept: 'application/json',
          'user-agent': userAgent,
          ...(request.body === undefined
            ? {}
            : { 'content-type': request.contentType ?? 'application/json' }),
        },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        headersTimeout: timeoutMs,
        bodyTimeout: streaming ? 0 : timeoutMs,
        ...(request.signal ? { signal: request.signal } : {}),
      });
    } catch (cause) {
      if (withheld !== undefined) throw refusedByGuard(info, withheld);
      answered(0);
      pool.doubt();
      throw unanswered(info, cause);
    }
    answered(answer.statusCode);
    if (answer.statusCode === 401) {
      connection.refresh(credentials);
      pool.doubt();
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    throw await refusal(info, answer);
  }

  function guarded(
    agent: Dispatcher,
    info: RequestInfo,
    withhold: (why: unknown) => void,
  ): Dispatcher {
    const { guard } = options;
    if (!guard) return agent;
    return guardedDispatch(agent, () => {
      try {
        guard(info);
      } catch (why) {
        withhold(why);
        throw why;
      }
    });
  }

  /** A token may have been renewed since we read it: one more try with what there is now. */
  async function authorised<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return attempt();
    }
  }

  return {
    async request<T>(request: ApiRequest): Promise<T> {
      const info = requestInfo(request.method, request.path, request.query);
      const once = async (): Promise<T> => json<T>(info, await send(request, info, false));
      // Whether a lost POST made its object only the API server knows: the caller looks before it asks again.
      const idempotent = request.method !== 'POST';
      return withRetries(() => authorised(once), { idempotent, signal: request.signal }, retries);
    },

    async stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>> {
      const info = requestInfo(request.method, request.path, request.query);
      const started = performance.now();
      const { body } = await authorised(() => send(request, info, true));
      return bytes(info, body, (read, end) =>
        options.streamed?.({
          ...info,
          seconds: (performance.now() - started) / 1000,
          bytes: read,
          end,
        }),
      );
    },

    close: () => pool.close(),
  };
}

function queryString(query: ApiRequest['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

async function* bytes(
  info: RequestInfo,
  body: Answer['body'],
  ended: (read: number, end: Streamed['end']) => void,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  let end: Streamed['end'] = 'client';
  try {
    for await (const chunk of body) {
      read += chunk.length;
      yield chunk;
    }
    end = 'server';
  } catch (cause) {
    end = 'error';
    throw unanswered(info, cause);
  } finally {
    // A body that is left unread would keep its connection from everybody else.
    body.destroy();
    ended(read, end);
  }
}

/** What can't be called off itself, like the run of a credential plugin, is waited for no longer. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function withoutCredentials(info: RequestInfo, cause: unknown): ApiError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const message = `nothing to say who we are: ${words}`;
  return new ApiError({ ...info, status: 0, reason: 'NoCredentials', message, cause });
}

function refusedByGuard(info: RequestInfo, why: unknown): ApiError {
  const message = why instanceof Error ? why.message : String(why);
  return new ApiError({ ...info, status: 0, reason: 'Withheld', message, cause: why });
}
