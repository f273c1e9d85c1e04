/** How often each value occurs, the commonest first, of equals the first by name. */
export function tally<T extends string | null>(values: Iterable<T>): [T, number][] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, as], [b, bs]) => bs - as || (`${a}` < `${b}` ? -1 : 1));
}
