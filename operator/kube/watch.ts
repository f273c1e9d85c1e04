import { ApiError, type ApiStatus } from './api-error.ts';
import { jsonLines } from './json-lines.ts';
import { isStored, type Selection } from './list.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { requestInfo } from './request-info.ts';
import { pathOf } from './resource.ts';
import type { Transport } from './transport.ts';

export type WatchEvent<T extends KubernetesObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: Stored<T> }
  /** Nothing changed up to this resourceVersion. */
  | {
      type: 'BOOKMARK';
      object: { metadata: { resourceVersion: string; annotations?: Record<string, string> } };
    };

/** The bookmark that ends a streamed list carries this annotation. */
const initialEventsEnd = 'k8s.io/initial-events-end';

export function endsInitialEvents(event: WatchEvent<KubernetesObject>): boolean {
  return (
    event.type === 'BOOKMARK' && event.object.metadata.annotations?.[initialEventsEnd] === 'true'
  );
}

export interface WatchOptions {
  /**
   * Undefined: first all objects that there are now, as ADDED events in no order, then a bookmark that says so, then what
   * happens (a streamed list, KEP-3157).
   */
  resourceVersion: string | undefined;
  /** After this long without a byte the connection is given up: a bookmark comes about once a minute. */
  silenceMs: number;
  /** The API server ends the watch after this long. */
  timeoutSeconds: number;
  signal: AbortSignal;
}

/**
 * What happens to the selected objects after a resourceVersion. Returns when the API server ends the watch in order;
 * throws ApiError when it does not: Expired (410), an error in the stream, a reset, half a line, silence.
 */
export async function* watch<T extends KubernetesObject>(
  transport: Transport,
  { resource, namespace, labelSelector, fieldSelector }: Selection,
  { resourceVersion, silenceMs, timeoutSeconds, signal }: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const path = pathOf(resource, { namespace });
  const about = requestInfo('GET', path, { watch: true });
  const silence = new AbortController();
  const stop = () => silence.abort();
  signal.addEventListener('abort', stop, { once: true });
  let timer: NodeJS.Timeout | undefined;
  let silent = false;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      silence.abort();
    }, silenceMs);
  };
  try {
    heard();
    const chunks = await transport.stream({
      method: 'GET',
      path,
      query: {
        labelSelector,
        fieldSelector,
        ...(resourceVersion === undefined
          ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
          : { resourceVersion }),
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds,
      },
      signal: silence.signal,
    });
    for await (const event of jsonLines(tap(chunks, heard))) yield checked<T>(event, about);
  } catch (error) {
    if (silent) {
      const message = `nothing heard for ${silenceMs} ms, not even a bookmark.`;
      throw new ApiError({ ...about, status: 0, reason: 'Timeout', message, cause: error });
    }
    if (error instanceof SyntaxError) {
      throw new ApiError({
        ...about,
        status: 0,
        reason: 'BadResponse',
        message: error.message,
        cause: error,
      });
    }
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    silence.abort();
  }
}

async function* tap<C>(chunks: AsyncIterable<C>, heard: () => void): AsyncGenerator<C> {
  for await (const chunk of chunks) {
    heard();
    yield chunk;
  }
}

function checked<T extends KubernetesObject>(
  line: unknown,
  about: ReturnType<typeof requestInfo>,
): WatchEvent<T> {
  const event = line as WatchEvent<T> | { type: 'ERROR'; object?: ApiStatus } | null;
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (isStored(event.object)) return event;
      throw bad(`an event ${event.type} of no object with a name and a version.`, about);
    case 'BOOKMARK':
      if (typeof event.object?.metadata?.resourceVersion === 'string') return event;
      throw bad('a bookmark without a version.', about);
    case 'ERROR': {
      const { code = 0, reason, message = 'an error without words.' } = event.object ?? {};
      throw new ApiError({
        ...about,
        status: code,
        reason: reason ?? (code === 410 ? 'Expired' : `HTTP${code}`),
        message,
      });
    }
    default: {
      const { type } = (line ?? {}) as { type?: unknown };
      throw bad(`an event of unknown type ${JSON.stringify(type)}.`, about);
    }
  }
}

function bad(message: string, about: ReturnType<typeof requestInfo>): ApiError {
  return new ApiError({ ...about, status: 0, reason: 'BadResponse', message });
}
