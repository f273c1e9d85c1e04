const [quote, comma, lineFeed, carriageReturn] = [0x22, 0x2c, 0x0a, 0x0d];

/**
 * The bytes of a CSV with each value cut after `limit` bytes: what was cut is too long for whoever reads it then, and
 * no value fills the memory, even one whose quote is never closed. Quotes and line breaks are kept of what is cut, so
 * that values, records and lines stay where they are. `onRecord` is told the line (from 1) on which each record begins,
 * as soon as its end is seen; empty lines are none.
 */
export async function* cutLongValues(
  source: AsyncIterable<Uint8Array>,
  limit: number,
  onRecord: (line: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  let quoted = false;
  let length = 0;
  let cutting = false;
  const lines = countLines(onRecord);
  for await (const bytes of source) {
    let target = bytes;
    let kept = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      const breaks = byte === lineFeed || byte === carriageReturn;
      if (byte === quote) quoted = !quoted;
      lines.see(byte, breaks, quoted);
      if (!quoted && (byte === comma || breaks)) {
        length = 0;
        cutting = false;
      } else if (++length > limit && !isContinuation(byte)) cutting = true;
      if (cutting && byte !== quote && !breaks) {
        if (target === bytes) target = new Uint8Array(bytes);
        continue;
      }
      if (target !== bytes) target[kept] = byte;
      kept++;
    }
    yield target.subarray(0, kept);
  }
  lines.end();
}

/** CR, LF and CRLF end a line; a record ends with a line that no quote holds open. */
function countLines(onRecord: (line: number) => void) {
  let line = 1;
  let begun: number | undefined;
  let last = 0;
  function end(): void {
    if (begun !== undefined) onRecord(begun);
    begun = undefined;
  }
  return {
    see(byte: number, breaks: boolean, quoted: boolean): void {
      if (!breaks) begun ??= line;
      else if (!quoted) end();
      if (breaks && !(byte === lineFeed && last === carriageReturn)) line++;
      last = byte;
    },
    end,
  };
}

/** A letter of several bytes is cut before its first. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
