import { Agent, buildConnector, type Dispatcher } from 'undici';
import { ApiError, type ApiStatus } from './api-error.ts';
import type { Connection } from './connection.ts';
import { guardedDispatch } from './guarded-dispatch.ts';
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
  seconds: number;
}

export interface TransportOptions {
  connection: Connection;
  userAgent: string;
  /** For the answer's head, and for each pause in its body. */
  timeoutMs?: number;
  retries?: RetrySettings;
  observe?: (exchange: Exchange) => void;
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

type Answer = Dispatcher.ResponseData;

/** The one way to the API server: a pool of keep-alive connections, shared by every request and watch. */
export function createTransport(options: TransportOptions): Transport {
  const { connection, userAgent, timeoutMs = 30_000, retries = defaultRetries } = options;
  const base = new URL(connection.server);
  const agent = new Agent({ connect: connector(connection), keepAliveTimeout: 30_000 });

  async function send(request: ApiRequest, info: RequestInfo, streaming: boolean): Promise<Answer> {
    const started = performance.now();
    const answered = (code: number) =>
      options.observe?.({ ...info, code, seconds: (performance.now() - started) / 1000 });
    let answer: Answer;
    let withheld: unknown;
    try {
      const dispatcher =
        request.method === 'GET' ? agent : guarded(info, (why) => (withheld = why));
      answer = await dispatcher.request({
        origin: base.origin,
        path: base.pathname.replace(/\/$/, '') + request.path + queryString(request.query),
        method: request.method,
        headers: {
          ...(await connection.headers()),
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
      throw unanswered(info, cause);
    }
    answered(answer.statusCode);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    throw await refusal(info, answer);
  }

  function guarded(info: RequestInfo, withhold: (why: unknown) => void): Dispatcher {
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

  /** A token may have been renewed since we read it: one more try with what is in the file now. */
  async function authorised<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      connection.refresh();
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
      const { body } = await authorised(() => send(request, info, true));
      return bytes(info, body);
    },

    close: () => agent.destroy(),
  };
}

/** Reads the certificates anew for each connection, and keeps the TLS sessions while they stay the same. */
function connector(connection: Connection): buildConnector.connector {
  let key = '';
  let connect: buildConnector.connector | undefined;
  return (target, callback) => {
    try {
      const tls = connection.tls();
      const now = JSON.stringify(Object.values(tls).map(String));
      if (connect === undefined || now !== key)
        connect = buildConnector({ timeout: 10_000, ...tls });
      key = now;
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connect(target, callback);
  };
}

function queryString(query: ApiRequest['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

async function json<T>(info: RequestInfo, { statusCode, body }: Answer): Promise<T> {
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

async function* bytes(info: RequestInfo, body: Answer['body']): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (cause) {
    throw unanswered(info, cause);
  } finally {
    // A body that is left unread would keep its connection from everybody else.
    body.destroy();
  }
}

function unanswered(info: RequestInfo, cause: unknown): ApiError {
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

function refusedByGuard(info: RequestInfo, why: unknown): ApiError {
  const message = why instanceof Error ? why.message : String(why);
  return new ApiError({ ...info, status: 0, reason: 'Withheld', message, cause: why });
}

async function refusal(info: RequestInfo, answer: Answer): Promise<ApiError> {
  const text = await answer.body.text().catch(() => '');
  const status = parseStatus(text);
  const header = Number(answer.headers['retry-after']);
  const seconds = Number.isFinite(header) ? header : status?.details?.retryAfterSeconds;
  return new ApiError({
    ...info,
    status: answer.statusCode,
    reason: status?.reason || `HTTP${answer.statusCode}`,
    message: status?.message || `HTTP ${answer.statusCode} ${text.slice(0, 500)}`.trim(),
    ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }),
  });
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
