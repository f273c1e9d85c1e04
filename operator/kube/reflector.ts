import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, hasReason } from './api-error.ts';
import { type BackoffSettings, backoff } from './backoff.ts';
import { listAll, type Selection } from './list.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { type Cache, type Change, createObjectCache, type IndexFunction } from './object-cache.ts';
import { requestInfo } from './request-info.ts';
import { pathOf } from './resource.ts';
import type { Transport } from './transport.ts';
import { watch } from './watch.ts';

export interface ReflectorOptions<T extends KubernetesObject> extends Selection {
  transport: Transport;
  indexes?: Record<string, IndexFunction<T>>;
  onChange?: (change: Change<T>) => void;
  /** Trims an object before it is kept. managedFields are dropped anyway. */
  transform?: (object: Stored<T>) => Stored<T>;
  /** Told of each failure that will be tried again. */
  onFailure?: (error: ApiError, retryInMs: number) => void;
  observe?: ReflectorObserver;
  timing?: Partial<ReflectorTiming>;
}

export interface ReflectorObserver {
  listed(plural: string, objects: number): void;
  changed(plural: string, objects: number): void;
  failed(plural: string, reason: string): void;
}

export interface ReflectorTiming extends BackoffSettings {
  /** Two bookmarks may be missed (kube-apiserver sends one a minute) before a connection counts as dead. */
  silenceMs: number;
  /** The API server ends a watch after this, up to twice this: not all of them in the same moment. */
  watchSeconds: number;
  pageSize: number;
  random: () => number;
}

/** A local copy of a collection, kept current by list and watch. */
export interface Reflector<T extends KubernetesObject> extends Cache<T> {
  /** Ends when the signal does. Throws only what is a bug, never an ApiError. */
  run(signal: AbortSignal): Promise<void>;
  /** Fulfilled after the first complete list. */
  synced: Promise<void>;
  hasSynced(): boolean;
}

/** So many watches in a row that end badly, and we look from the start: etcd may have been restored from a backup. */
const failuresBeforeRelist = 3;

const veryShortMs = 1_000;

export function createReflector<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
): Reflector<T> {
  const { transport, resource, transform = (object) => object } = options;
  const timing: ReflectorTiming = {
    baseDelayMs: 500,
    maximumDelayMs: 30_000,
    silenceMs: 150_000,
    watchSeconds: 300,
    pageSize: 500,
    random: Math.random,
    ...options.timing,
  };
  const cache = createObjectCache<T>(options.indexes);
  const firstList = Promise.withResolvers<void>();
  let hasSynced = false;
  /** Where a watch can go on; undefined: a list is due. */
  let resourceVersion: string | undefined;
  let failures = 0;

  function tell(changes: (Change<T> | undefined)[]): void {
    for (const change of changes) if (change) options.onChange?.(change);
    options.observe?.changed(resource.plural, cache.size());
  }

  async function list(signal: AbortSignal): Promise<void> {
    const { pageSize } = timing;
    const listed = await listAll<T>(transport, options, { signal, pageSize });
    resourceVersion = listed.resourceVersion;
    const changes = cache.replace(listed.items.map((item) => transform(trimmed(item))));
    options.observe?.listed(resource.plural, listed.items.length);
    hasSynced = true;
    firstList.resolve();
    tell(changes);
  }

  async function follow(from: string, signal: AbortSignal): Promise<void> {
    const { silenceMs, watchSeconds, random } = timing;
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + random()));
    const started = performance.now();
    let heard = 0;
    for await (const event of watch<T>(transport, options, {
      resourceVersion: from,
      silenceMs,
      timeoutSeconds,
      signal,
    })) {
      heard++;
      failures = 0;
      resourceVersion = event.object.metadata.resourceVersion;
      if (event.type === 'DELETED') tell([cache.drop(event.object.metadata)]);
      else if (event.type !== 'BOOKMARK') tell([cache.put(transform(trimmed(event.object)))]);
    }
    // Ended in order, and so soon that trying again at once would be a busy loop.
    if (heard === 0 && performance.now() - started < veryShortMs) throw tooShort(options);
    failures = 0;
  }

  /** What to do after a failure, and how long to wait before. */
  function failed(error: ApiError): number {
    options.observe?.failed(resource.plural, error.reason);
    const expired = error.status === 410 || hasReason(error, 'Expired', 'Gone');
    failures++;
    if (expired || failures % failuresBeforeRelist === 0) resourceVersion = undefined;
    // The first 410 is no failure, only news that we are late.
    const wait = expired && failures === 1 ? 0 : backoff(failures, timing, timing.random);
    return Math.max(wait, error.retryAfterMs ?? 0);
  }

  return {
    get: cache.get,
    list: cache.list,
    by: cache.by,
    size: cache.size,
    synced: firstList.promise,
    hasSynced: () => hasSynced,
    async run(signal) {
      while (!signal.aborted) {
        try {
          if (resourceVersion === undefined) await list(signal);
          else await follow(resourceVersion, signal);
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof ApiError)) throw error;
          const wait = failed(error);
          options.onFailure?.(error, wait);
          await sleep(wait, undefined, { signal }).catch(() => undefined);
        }
      }
    },
  };
}

function tooShort({ resource, namespace }: Selection): ApiError {
  const about = requestInfo('GET', pathOf(resource, { namespace }), { watch: true });
  const message = `the watch ended in less than ${veryShortMs} ms without an event.`;
  return new ApiError({ ...about, status: 0, reason: 'Unreachable', message });
}

/** managedFields are often half of an object, and nobody reads them from a cache. */
function trimmed<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  const { managedFields: _, ...metadata } = object.metadata as Stored<T>['metadata'] & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}
