const decimal = /^[1-9]\d*$/;

/**
 * Whether version a is older than b. Within one resource of one API server versions are whole numbers that only grow
 * (Kubernetes API concepts, "Resource versions"); they may have more digits than a Number holds. An aggregated API server may
 * use other words: of them nothing is said, and the answer is no.
 */
export function isOlder(a: string, b: string): boolean {
  if (!decimal.test(a) || !decimal.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}
