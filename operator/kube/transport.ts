import type { Readable } from 'node:stream';

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

export interface Transport {
  /** The answer's JSON. Throws ApiError. */
  request<T>(request: ApiRequest): Promise<T>;
  /** The answer's bytes as they come (watches, logs); never tried again. Throws ApiError. */
  stream(request: ApiRequest): Promise<Readable>;
  close(): Promise<void>;
}
