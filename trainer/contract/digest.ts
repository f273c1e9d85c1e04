import { createHash } from 'node:crypto';

/** `sha256:<hex>` of the bytes (a string counts as UTF-8). */
export function sha256Of(data: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** The bare hex of a digest, as it stands in object names. */
export function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '');
}

/**
 * JSON with sorted keys and no spaces: equal values give equal text. Keys whose value is undefined
 * are left out; a number that JSON cannot hold (NaN, infinity) is an error, not null.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`${value} has no place in JSON.`);
  }
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
