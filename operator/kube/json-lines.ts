const newline = 10;

/**
 * The JSON documents of a stream that holds one a line, wherever its chunks are cut. Throws SyntaxError for a line that
 * is no JSON, and for a stream that ends in the middle of one.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let begun: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      begun.push(chunk.subarray(start, end));
      start = end + 1;
      const line = textOf(begun).trim();
      begun = [];
      if (line !== '') yield JSON.parse(line);
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  }
  const rest = textOf(begun).trim();
  if (rest !== '')
    throw new SyntaxError(`the stream ended in the middle of a line (${rest.length} characters).`);
}

/** Most lines lie in one chunk, and are not copied before they are decoded. */
function textOf(parts: Uint8Array[]): string {
  const [first, ...others] = parts;
  if (first === undefined) return '';
  const bytes = others.length > 0 ? Buffer.concat(parts) : first;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
