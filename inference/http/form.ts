/** A part of multipart/form-data. `content` is a view on the body. */
export interface FormPart {
  name: string;
  isFile: boolean;
  content: Buffer;
}

/** What is no multipart/form-data, and why. */
export class FormError extends Error {}

/** Names, file names and types take some hundred bytes. */
const mostHeaderBytes = 4_096;

/** RFC 2046, 5.1.1. */
const longestBoundary = 70;

const newline = '\r\n';

/**
 * The parts of a whole body, in order; nothing is copied. (RFC 2046, 5.1.1 and RFC 7578.) A parser of streams costs as much
 * CPU as a tenth of a prediction, and a part is of no use before its end.
 * Throws FormError when the boundary is missing or too long, a part has no end of its header, or the body ends before its last
 * boundary.
 */
export function* formParts(body: Buffer, contentType: string): Generator<FormPart> {
  const delimiter = Buffer.from(`--${boundaryOf(contentType)}`, 'latin1');
  const lineAndDelimiter = Buffer.concat([Buffer.from(newline), delimiter]);
  let at = body.subarray(0, delimiter.length).equals(delimiter)
    ? delimiter.length
    : past(body, lineAndDelimiter, 0);
  while (!isLast(body, at)) {
    const line = past(body, newline, at);
    const next = past(body, lineAndDelimiter, line - newline.length);
    const end = next - lineAndDelimiter.length;
    // No header at all: the empty line comes at once.
    const start =
      body.toString('latin1', line, line + 2) === newline
        ? line + 2
        : past(body, newline + newline, line);
    if (start - line > mostHeaderBytes) throw new FormError('The header of a part is too long');
    // Found in a later part: of this one it would make a header, and of that one nothing.
    if (start - newline.length > end)
      throw new FormError('A part has no empty line after its header');
    yield {
      ...described(body.toString('utf8', line, start)),
      content: body.subarray(start, Math.max(start, end)),
    };
    at = next;
  }
}

function isLast(body: Buffer, at: number): boolean {
  return body[at] === 0x2d && body[at + 1] === 0x2d;
}

/** Behind the next occurrence. */
function past(body: Buffer, wanted: string | Buffer, from: number): number {
  const found = body.indexOf(wanted, from);
  if (found < 0) throw new FormError('Unexpected end of the body');
  return found + wanted.length;
}

function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) throw new FormError('The Content-Type has no boundary');
  if (boundary.length > longestBoundary)
    throw new FormError(`The boundary has more than ${longestBoundary} characters`);
  return boundary;
}

function described(headers: string): { name: string; isFile: boolean } {
  const disposition = /^content-disposition:[ \t]*form-data(.*)$/im.exec(headers)?.[1] ?? '';
  const [, quoted, plain] =
    /;[ \t]*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition) ?? [];
  const isFile =
    /;[ \t]*filename\*?=/i.test(disposition) ||
    /^content-type:[ \t]*application\/octet-stream/im.test(headers);
  return { name: quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '', isFile };
}
