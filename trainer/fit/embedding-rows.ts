/** The rows of an embedding that is fitted: one for each bucket that occurs, and a last one for all others. */
export interface EmbeddingRows {
  readonly rows: number;
  /** Row of each bucket and, behind the buckets, of the padding. */
  readonly rowOf: Int32Array;
}

/**
 * Rows for the buckets that occur (`found` is above 0 there), and a last one, which stays 0, for the padding and for all
 * that none of the fitted products has. Most buckets never occur, and Adam's work is proportional to the rows.
 */
export function compactRows(found: Float32Array | Uint8Array): EmbeddingRows {
  let occurring = 0;
  for (const value of found) if (value > 0) occurring += 1;
  const rowOf = new Int32Array(found.length + 1).fill(occurring);
  let row = 0;
  found.forEach((value, bucket) => {
    if (value > 0) rowOf[bucket] = row++;
  });
  return { rows: occurring + 1, rowOf };
}

/** Back to a row for each bucket and one for the padding: [buckets + 1, width], row-major. */
export function spreadRows(
  embedding: Float32Array,
  rowOf: Int32Array,
  width: number,
): Float32Array {
  const spread = new Float32Array(rowOf.length * width);
  rowOf.forEach((row, bucket) => {
    spread.set(embedding.subarray(row * width, (row + 1) * width), bucket * width);
  });
  return spread;
}
