import { type Count, type Fault, type Kind, kinds } from './faults.ts';

/** How many writes, requests and watch events a life without faults has. */
export type Counts = Record<Count, number>;

export interface PlanOptions {
  counts: Counts;
  /** At how many places faults strike: `writes` for kills and lost answers, of which 'all' is every write; `others` for each other kind. */
  writes: number | 'all';
  others: number | 'all';
  /** Kinds to leave out. */
  without?: Kind[];
  random: () => number;
}

/** The kinds of which every write is wanted. */
const everyWrite: Kind[] = ['killed-before', 'killed-after', 'answer-lost'];

/** One life for each fault. Places are spread evenly over the life, each somewhere in its part of it. */
export function plan({ counts, writes, others, without = [], random }: PlanOptions): Fault[] {
  const wanted = (Object.keys(kinds) as Kind[]).filter((kind) => !without.includes(kind));
  return wanted.flatMap((kind) => {
    const places = everyWrite.includes(kind) ? writes : others;
    const all = counts[kinds[kind]];
    const parts = places === 'all' ? all : Math.min(places, all);
    return Array.from({ length: parts }, (_, part) => ({
      kind,
      nth: Math.floor(((part + (places === 'all' ? 0 : random())) * all) / parts) + 1,
    }));
  });
}

/** mulberry32, of Tommy Ettinger (public domain): the same seed, the same places. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
