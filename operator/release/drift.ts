import { sameQuantity } from './resources.ts';

/**
 * Whether an object has everything that we want of it, so that applying it again would change nothing. What others added is
 * theirs: defaults of the API server, other managers' fields, further entries of a list with named entries. That a field we
 * applied before is wanted no more shows in the digest among our annotations.
 */
export function covers(
  live: unknown,
  wanted: unknown,
  quantities = false,
  atomic = false,
): boolean {
  if (wanted === undefined || live === wanted) return true;
  // The API server leaves out what is empty: a toleration's `key: ""` comes back as no key.
  if (live === undefined && isEmpty(wanted)) return true;
  if (Array.isArray(wanted)) return Array.isArray(live) && coversList(live, wanted);
  if (isObject(wanted)) {
    if (!isObject(live)) return false;
    const wider = atomic && Object.keys(live).some((field) => !(field in wanted));
    return (
      !wider &&
      Object.entries(wanted).every(([field, value]) =>
        covers(
          live[field],
          value,
          quantities || quantityFields.has(field),
          atomicFields.has(field),
        ),
      )
    );
  }
  return quantities && sameQuantity(live, wanted);
}

/** Maps that belong to one manager as a whole: one more key in a selector is another selector. */
const atomicFields = new Set(['selector', 'nodeSelector', 'matchLabels']);

const quantityFields = new Set(['requests', 'limits', 'sizeLimit']);

/** The keys by which Kubernetes merges lists; every other list is replaced as a whole. */
const mergeKeys = ['mountPath', 'uid', 'name'];

function mergeKeyOf(wanted: unknown[]): string | undefined {
  if (wanted.length === 0) return undefined;
  return mergeKeys.find((name) => wanted.every((entry) => isObject(entry) && name in entry));
}

function coversList(live: unknown[], wanted: unknown[]): boolean {
  const key = mergeKeyOf(wanted);
  if (key === undefined) {
    return live.length === wanted.length && wanted.every((entry, at) => covers(live[at], entry));
  }
  return wanted.every((entry) => {
    const id = (entry as Record<string, unknown>)[key];
    return covers(
      live.find((candidate) => isObject(candidate) && candidate[key] === id),
      entry,
    );
  });
}

/** The fields in which an object is not as we want it: `spec.template.spec.containers[inference].image`. Empty where it covers that. */
export function differences(live: unknown, wanted: unknown, quantities = false): string[] {
  if (covers(live, wanted, quantities)) return [];
  if (isObject(wanted) && isObject(live)) {
    return Object.entries(wanted).flatMap(([field, value]) => {
      const name = /[./]/.test(field) ? `[${field}]` : field;
      if (atomicFields.has(field)) return covers(live[field], value, false, true) ? [] : [name];
      const inside = differences(live[field], value, quantities || quantityFields.has(field));
      return inside.map((rest) => join(name, rest));
    });
  }
  const key = Array.isArray(wanted) && Array.isArray(live) ? mergeKeyOf(wanted) : undefined;
  if (key === undefined) return [''];
  return (wanted as Record<string, unknown>[]).flatMap((entry) => {
    const found = (live as unknown[]).find((other) => isObject(other) && other[key] === entry[key]);
    return differences(found, entry).map((rest) => join(`[${entry[key]}]`, rest));
  });
}

function join(field: string, rest: string): string {
  return rest === '' || rest.startsWith('[') ? `${field}${rest}` : `${field}.${rest}`;
}

function isEmpty(value: unknown): boolean {
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === '' || value === false || (Array.isArray(value) && value.length === 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
