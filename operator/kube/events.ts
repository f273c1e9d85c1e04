import { createHash, randomBytes } from 'node:crypto';
import { hasReason } from './api-error.ts';
import { microTime } from './micro-time.ts';
import type { KubernetesObject } from './object.ts';
import { events, pathOf } from './resource.ts';
import type { Transport } from './transport.ts';

/** Something that a person who runs `kubectl describe` or `kubectl events` should see. */
export interface EventNote {
  /** What it is about: apiVersion, kind, and metadata with namespace, name and uid. */
  regarding: KubernetesObject;
  type: 'Normal' | 'Warning';
  /** CamelCase, why: GateFailed. */
  reason: string;
  /** CamelCase, what was done or tried: RollOut. */
  action: string;
  /** A sentence; the API takes 1,024 bytes of it, the rest is cut. */
  note: string;
}

export interface EventRecorder {
  /** Never throws, never waits. The same note again only raises a count. */
  record(event: EventNote): void;
  /** Waits until what was recorded has been sent or given up. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  transport: Transport;
  /** Who reports, as a domain: shelfwise.dev/operator. */
  reportingController: string;
  /** Which of its processes: the pod's name. */
  reportingInstance: string;
  /** An event is news, not state: that it could not be written is told here and nowhere else. */
  onFailure: (error: Error, event: EventNote) => void;
  now?: () => Date;
}

interface Series {
  name: string;
  namespace: string;
  count: number;
  lastMs: number;
}

/** client-go (tools/events) begins a new series after the same pause. */
const seriesEndsAfterMs = 6 * 60_000;
/** Beyond it new events are dropped: an API server that is away must not fill our memory. */
const mostWaiting = 1_000;

/** Writes events.k8s.io/v1 Events, one after the other, beside the work that they tell of. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { transport, now = () => new Date() } = options;
  const series = new Map<string, Series>();
  let sending: Promise<void> = Promise.resolve();
  let waiting = 0;

  async function send(event: EventNote, at: Date): Promise<void> {
    forgetOld(at.getTime());
    const id = identityOf(event);
    const known = series.get(id);
    if (known) {
      known.count++;
      known.lastMs = at.getTime();
      // 2, 4, 8, …: what is said every second for an hour costs 12 writes.
      if (!isPowerOfTwo(known.count) || (await raise(known, at))) return;
    }
    series.set(id, await begin(event, at));
  }

  /** Says whether the Event was still there: they live for an hour by default. */
  async function raise({ name, namespace, count }: Series, at: Date): Promise<boolean> {
    try {
      await transport.request({
        method: 'PATCH',
        path: pathOf(events, { namespace, name }),
        contentType: 'application/merge-patch+json',
        body: { series: { count, lastObservedTime: microTime(at) } },
      });
      return true;
    } catch (error) {
      if (hasReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  async function begin(event: EventNote, at: Date): Promise<Series> {
    const { apiVersion, kind, metadata } = event.regarding;
    // What is cluster-scoped has its events in the namespace default.
    const namespace = metadata.namespace ?? 'default';
    // Where a long name is cut there may be a dash or a dot, with which no part of a name ends.
    const about = metadata.name.slice(0, 230).replace(/[-.]+$/, '');
    const name = `${about}.${randomBytes(8).toString('hex')}`;
    await transport.request({
      method: 'POST',
      path: pathOf(events, { namespace }),
      body: {
        apiVersion: events.apiVersion,
        kind: events.kind,
        metadata: { namespace, name },
        eventTime: microTime(at),
        reportingController: options.reportingController,
        reportingInstance: options.reportingInstance,
        type: event.type,
        reason: event.reason,
        action: event.action,
        note: cut(event.note, 1024),
        regarding: {
          apiVersion,
          kind,
          name: metadata.name,
          ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
          ...(metadata.uid ? { uid: metadata.uid } : {}),
        },
      },
    });
    return { name, namespace, count: 1, lastMs: at.getTime() };
  }

  function forgetOld(nowMs: number): void {
    for (const [id, { lastMs }] of series)
      if (nowMs - lastMs > seriesEndsAfterMs) series.delete(id);
  }

  return {
    record(event) {
      if (waiting >= mostWaiting) {
        options.onFailure(new Error(`${mostWaiting} events wait to be written already.`), event);
        return;
      }
      waiting++;
      const at = now();
      sending = sending
        .then(() => send(event, at))
        .catch((error) => options.onFailure(error, event))
        .finally(() => {
          waiting--;
        });
    },
    flush: () => sending,
  };
}

function identityOf({ regarding, type, reason, action, note }: EventNote): string {
  const { apiVersion, kind, metadata } = regarding;
  const parts = [
    apiVersion,
    kind,
    metadata.namespace,
    metadata.name,
    metadata.uid,
    type,
    reason,
    action,
    note,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}

/** At most so many bytes of UTF-8, never half a character. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const dots = '…';
  const head = Buffer.from(text).subarray(0, bytes - Buffer.byteLength(dots));
  return new TextDecoder().decode(head, { stream: true }) + dots;
}
