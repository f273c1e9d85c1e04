import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, hasReason } from './api-error.ts';
import { type BackoffSettings, backoff } from './backoff.ts';
import { listAll, type Selection } from './list.ts';
import { type KubernetesObject, keyOf, type Stored } from './object.ts';
import { type Cache, type Change, createObjectCache, type IndexFunction } from './object-cache.ts';
import { requestInfo } from './request-info.ts';
import { pathOf } from './resource.ts';
import { isOlder } from './resource-version.ts';
import type { Transport } from './transport.ts';
import { endsInitialEvents, type WatchEvent, watch } from './watch.ts';

export interface ReflectorOptions<T extends KubernetesObject> extends Selection {
  transport: Transport;
  indexes?: Record<string, IndexFunction<T>>;
  /** What it throws ends run(): a change that was not taken note of would be lost. */
  onChange?: (change: Change<T>) => void;
  /** Trims an object before it is kept, and may make it smaller. managedFields are dropped anyway. */
  transform?: (object: Stored<T>) => Stored<T>;
  /** Told of each failure that will be tried again. */
  onFailure?: (error: ApiError, retryInMs: number) => void;
  observe?: ReflectorObserver;
  /**
   * How the first objects come: as a stream, where the API server has that (1.32 and later; neither side then holds the whole
   * list as one document), or in pages. A stream that fails is followed by pages.
   */
  initial?: 'stream' | 'pages';
  timing?: Partial<ReflectorTiming>;
}

export interface ReflectorObserver {
  listed(plural: string, objects: number): void;
  /** By how many objects, or fewer; the sum over all is what the caches of a resource hold. */
  grew(plural: string, by: number): void;
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

/** So many watches in a row that bring nothing, and we look from the start: etcd may have been restored from a backup. */
const fruitlessBeforeRelist = 3;

const veryShortMs = 1_000;

/** Who asks us to stay away for longer is not believed: a cache that is a day old is of no use. */
const longestRetryAfterMs = 300_000;

export function createReflector<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
): Reflector<T> {
  const { transport, resource, initial = 'stream', transform = (object) => object } = options;
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
  /** Up to where the cache is current. */
  let reached = '';
  /** Whether the next list is streamed. Not after a stream that failed; never again after one that was refused. */
  let streams: boolean | 'never' = initial === 'stream' || 'never';
  let failures = 0;
  let lastFailure = Number.NEGATIVE_INFINITY;
  let fruitless = 0;
  /** How many objects the observer knows of. */
  let counted = 0;

  function keep(object: Stored<T>): Stored<T> {
    return transform(trimmed(object));
  }

  function tell(changes: (Change<T> | undefined)[]): void {
    options.observe?.grew(resource.plural, cache.size() - counted);
    counted = cache.size();
    for (const change of changes) if (change) notify(options, change);
  }

  function hold(objects: Stored<T>[], version: string): void {
    // etcd was restored from a backup: versions that we know will be given a second time.
    const rewound = isOlder(version, reached);
    resourceVersion = reached = version;
    if (streams !== 'never') streams = true;
    const found = cache.replace(objects, { rewound });
    const changes = hasSynced ? found : found.map((each) => ({ ...each, initial: true as const }));
    options.observe?.listed(resource.plural, objects.length);
    hasSynced = true;
    firstList.resolve();
    tell(changes);
  }

  async function list(signal: AbortSignal): Promise<void> {
    const { pageSize } = timing;
    const listed = await listAll<T>(transport, options, { signal, pageSize, keep });
    hold(listed.items, listed.resourceVersion);
  }

  async function streamedList(signal: AbortSignal): Promise<void> {
    streams = false;
    try {
      await follow(undefined, signal);
    } catch (error) {
      // Invalid: this API server, or what it stands for, does not stream lists. Pages it is, at once and from now on.
      if (!(error instanceof ApiError) || streams || ![400, 422].includes(error.status))
        throw error;
      streams = 'never';
    }
  }

  /** Watches from a version on; from undefined, what there is comes first, and is held when all of it has come. */
  async function follow(from: string | undefined, signal: AbortSignal): Promise<void> {
    const { silenceMs, watchSeconds, random } = timing;
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + random()));
    const started = performance.now();
    let begun = from === undefined ? new Map<string, Stored<T>>() : undefined;
    let heard = 0;
    for await (const event of watch<T>(transport, options, {
      resourceVersion: from,
      silenceMs,
      timeoutSeconds,
      signal,
    })) {
      heard++;
      if (begun) {
        if (collect(begun, event)) continue;
        hold([...begun.values()], event.object.metadata.resourceVersion);
        begun = undefined;
      } else take(event);
      fruitless = 0;
    }
    if (begun) throw broken(options, 'the streamed list ended before it was complete.');
    // Ended in order, and so soon that trying again at once would be a busy loop.
    if (heard === 0 && performance.now() - started < veryShortMs)
      throw broken(options, `the watch ended in less than ${veryShortMs} ms without an event.`);
    fruitless = 0;
  }

  /** Puts an event of a streamed list to the others; false: it says that those were all. */
  function collect(begun: Map<string, Stored<T>>, event: WatchEvent<T>): boolean {
    if (endsInitialEvents(event)) return false;
    if (event.type === 'BOOKMARK')
      // A server that does not know what was asked for takes it for a plain watch.
      throw broken(options, 'a bookmark came in a streamed list that did not end it.');
    const key = keyOf(event.object.metadata);
    if (event.type === 'DELETED') begun.delete(key);
    else begun.set(key, keep(event.object));
    return true;
  }

  function take(event: WatchEvent<T>): void {
    const version = event.object.metadata.resourceVersion;
    if (resourceVersion !== undefined && isOlder(version, resourceVersion)) {
      // Not the API server's doing: something in between repeats or reorders, and may have lost what we can't miss.
      const from = resourceVersion;
      resourceVersion = undefined;
      throw broken(
        options,
        `an event of version ${version} came after one of ${from}.`,
        'Reordered',
      );
    }
    resourceVersion = reached = version;
    if (event.type === 'DELETED') tell([cache.drop(event.object.metadata)]);
    else if (event.type !== 'BOOKMARK') tell([cache.put(keep(event.object))]);
  }

  /** What to do after a failure, and how long to wait before. */
  function failed(error: ApiError): number {
    options.observe?.failed(resource.plural, error.reason);
    const expired = error.status === 410 || hasReason(error, 'Expired', 'Gone');
    // Well for this long: what fails now has nothing to do with what failed then.
    if (performance.now() - lastFailure > timing.maximumDelayMs) failures = 0;
    failures++;
    fruitless++;
    if (expired || fruitless % fruitlessBeforeRelist === 0) resourceVersion = undefined;
    // The first 410 is no failure, only news that we are late.
    const wait = expired && failures === 1 ? 0 : backoff(failures, timing, timing.random);
    lastFailure = performance.now() + wait;
    return Math.max(wait, Math.min(error.retryAfterMs ?? 0, longestRetryAfterMs));
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
          if (resourceVersion !== undefined) await follow(resourceVersion, signal);
          else if (streams === true) await streamedList(signal);
          else await list(signal);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          if (signal.aborted) return;
          const wait = failed(error);
          options.onFailure?.(error, wait);
          await sleep(wait, undefined, { signal }).catch(() => undefined);
        }
      }
    },
  };
}

/** An error of the listener is none of the API's, whatever its class: it must not be taken for one and tried again. */
function notify<T extends KubernetesObject>(
  { onChange, resource }: ReflectorOptions<T>,
  change: Change<T>,
): void {
  try {
    onChange?.(change);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `What listens to changes of ${resource.plural} threw at ${change.key}: ${words}`,
      { cause },
    );
  }
}

function broken({ resource, namespace }: Selection, message: string, reason = 'Unreachable') {
  const about = requestInfo('GET', pathOf(resource, { namespace }), { watch: true });
  return new ApiError({ ...about, status: 0, reason, message });
}

/** managedFields are often half of an object, and nobody reads them from a cache. */
function trimmed<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  const { managedFields: _, ...metadata } = object.metadata as Stored<T>['metadata'] & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}
