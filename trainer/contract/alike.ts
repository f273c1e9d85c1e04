import { joinText } from './text-normalise.ts';

/** What two products' texts have in common if they are the same for a model: the normalised text but for its spaces. */
export function textOf(designation: string | null, description: string | null): string {
  return joinText(designation, description).replace(/\s+/g, ' ').trim();
}

/** The first row of each sign: a Map, or what takes less memory. */
export interface FirstRows<Sign> {
  get(sign: Sign): number | undefined;
  set(sign: Sign, row: number): unknown;
}

/** Disjoint sets of rows: those that have a sign in common, directly or over others, are together. */
export function createGroups(rows: number) {
  const parents = Int32Array.from({ length: rows }, (_, row) => row);

  function rootOf(row: number): number {
    let root = row;
    while (parents[root] !== root) root = parents[root] as number;
    // The path is cut short for the next search.
    for (let at = row; at !== root; ) {
      const next = parents[at] as number;
      parents[at] = root;
      at = next;
    }
    return root;
  }

  return {
    /** Puts the row to those of the same sign; `first` keeps the first row of each. */
    join<Sign>(first: FirstRows<Sign>, sign: Sign, row: number): void {
      const other = first.get(sign);
      if (other === undefined) first.set(sign, row);
      else parents[rootOf(row)] = rootOf(other);
    },
    /** The row that stands for all those it is together with. */
    rootOf,
  };
}
