/** For tests: how alike two lists of numbers are, whatever their lengths. */
export function cosine(a: Float32Array | Int32Array | Uint8Array, b: typeof a): number {
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    const other = b[i] as number;
    ab += value * other;
    aa += value * value;
    bb += other * other;
  });
  return ab / Math.sqrt(aa * bb);
}
