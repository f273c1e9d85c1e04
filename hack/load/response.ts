/** What is kept of an answer: its status, whether it says when to come back, and how it looked. */
export interface Response {
  status: number;
  retryAfter: string | undefined;
  closes: boolean;
  body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');

/**
 * Takes responses out of the bytes of a connection. Knows Content-Length and chunks, which is all that the servers measured
 * here send; far cheaper than a general client, so that the generator leaves the cores to the server.
 */
export function createResponseReader(onResponse: (response: Response) => void) {
  let pending: Buffer = Buffer.alloc(0);
  return (bytes: Buffer): void => {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    for (;;) {
      const end = pending.indexOf(headEnd);
      if (end < 0) return;
      const head = pending.toString('latin1', 0, end);
      const start = end + headEnd.length;
      const body = bodyOf(head, pending, start);
      if (!body) return;
      pending = pending.subarray(body.end);
      onResponse({
        status: Number(head.slice(9, 12)),
        retryAfter: header(head, 'retry-after'),
        closes: header(head, 'connection')?.toLowerCase() === 'close',
        body: body.bytes,
      });
    }
  };
}

function header(head: string, name: string): string | undefined {
  return new RegExp(`\r\n${name}: *([^\r]*)`, 'i').exec(head)?.[1];
}

/** The body and where the next response begins; undefined while some of it is still to come. */
function bodyOf(head: string, bytes: Buffer, start: number) {
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunks(bytes, start);
  const length = header(head, 'content-length');
  if (length === undefined) throw new Error(`An answer tells no length: ${head.slice(0, 200)}`);
  const end = start + Number(length);
  return bytes.length < end ? undefined : { bytes: bytes.subarray(start, end), end };
}

function chunks(bytes: Buffer, start: number) {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { bytes: Buffer.concat(parts), end: next };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
