/**
 * Equal parts of cached objects kept once. What a controller caches is mostly copies: the same template, the same labels, the same
 * owner in thousands of objects, each parsed from JSON of its own.
 */
import { hash } from 'node:crypto';
import type { KubernetesObject, Stored } from './object.ts';

/** Answers the value itself, or a frozen one that is deeply equal and known already. The value must be fresh: it is changed and frozen. */
export type Share = <V>(value: V) => V;

/** A longer text than its own digest is known by that. */
const digestLength = 44;

/** What nobody else holds any more is not held here: the table only knows where a part is. */
export function createSharing(): Share {
  const known = new Map<string, WeakRef<object>>();
  let sweepAt = 4096;

  function share<V>(value: V): V {
    if (typeof value === 'string') return sameString(value) as V;
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
    const text = JSON.stringify(value);
    const key = text.length > digestLength ? hash('sha256', text, 'base64') : text;
    const found = known.get(key)?.deref();
    if (found) return found as V;
    const own = value as Record<string, unknown>;
    for (const [field, part] of Object.entries(own)) own[field] = share(part);
    known.set(key, new WeakRef(Object.freeze(own)));
    if (known.size > sweepAt) sweep();
    return value;
  }

  function sweep(): void {
    for (const [key, part] of known) if (part.deref() === undefined) known.delete(key);
    sweepAt = Math.max(4096, known.size * 2);
  }

  return share;
}

/** V8 keeps names of properties once, and only as long as they are used: that is the table of strings that we need. */
function sameString(text: string): string {
  return text.length > 100 ? text : (Object.keys({ [text]: 0 })[0] ?? text);
}

/** The part of every object's metadata that it has in common with others of its owner. */
export function shareMetadata<T extends KubernetesObject>(
  object: Stored<T>,
  share: Share,
): Stored<T> {
  const { labels, ownerReferences, namespace, ...rest } = object.metadata;
  const metadata = {
    ...rest,
    ...(namespace === undefined ? {} : { namespace: share(namespace) }),
    ...(labels === undefined ? {} : { labels: share(labels) }),
    ...(ownerReferences === undefined ? {} : { ownerReferences: share(ownerReferences) }),
  };
  return { ...object, metadata };
}
