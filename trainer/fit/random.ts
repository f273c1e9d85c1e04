/** A source of numbers in [0, 1) that gives the same ones for the same seed, here and on every machine. */
export interface Random {
  (): number;
  /** The seed of a source that goes on where this one stands. */
  state(): number;
}

/** SplitMix32: 32 bits of state, a full period, good enough to shuffle. Source: Steele, Lea, Flood 2014. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
  return Object.assign(next, { state: () => state });
}

/** Fisher and Yates, in place. */
export function shuffle(values: Int32Array, random: Random): Int32Array {
  for (let i = values.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const kept = values[i] as number;
    values[i] = values[j] as number;
    values[j] = kept;
  }
  return values;
}
