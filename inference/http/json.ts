import { Problem } from './problems.ts';

/**
 * What a body of JSON may hold outside of its strings. The largest that is of use, a V2 request for 32 products, has some 400
 * marks and is 5 deep; megabytes of brackets or names would hold up everybody else for seconds.
 */
export const jsonLimits = {
  /** Opening brackets, commas and strings: at least one for each value. */
  marks: 10_000,
  depth: 64,
} as const;

/** A body, or a part of it, as a JSON value. Throws `bad-request` naming the part. */
export function parseJson(body: Buffer, part = 'body'): unknown {
  refuseUnbounded(body, part);
  try {
    return JSON.parse(utf8.decode(body));
  } catch (cause) {
    const detail = `The ${part} is not JSON in UTF-8: ${(cause as Error).message}.`;
    throw new Problem('bad-request', detail, { part, cause });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** One pass over the bytes: none of them that means something in JSON is part of a longer character in UTF-8. */
function refuseUnbounded(body: Buffer, part: string): void {
  let marks = 0;
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === closeList || byte === closeObject) depth--;
    if (byte !== quote && byte !== comma && byte !== openList && byte !== openObject) continue;
    if (++marks > jsonLimits.marks) throw tooMany(part);
    if (byte === quote) at = endOfString(body, at);
    else if (byte !== comma && ++depth > jsonLimits.depth) throw tooDeep(part);
  }
}

/** Where the string's closing quote stands, or the end of the body. */
function endOfString(body: Buffer, start: number): number {
  // A picture is a megabyte of one string without an escaped quote, over which indexOf flies.
  const first = body.indexOf(quote, start + 1);
  if (first === -1) return body.length;
  if (!isEscaped(body, first)) return first;
  // indexOf, called for each of many escaped quotes, would be slower than this.
  let at = first + 1;
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1;
  return at;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(body: Buffer, at: number): boolean {
  let before = at;
  while (body[before - 1] === backslash) before--;
  return (at - before) % 2 === 1;
}

const tooMany = (part: string) =>
  new Problem(
    'bad-request',
    `The ${part} has more than ${jsonLimits.marks} brackets, commas and strings: send only the fields that are documented.`,
    { part },
  );

const tooDeep = (part: string) =>
  new Problem(
    'bad-request',
    `The ${part} is nested more than ${jsonLimits.depth} deep: send only the fields that are documented.`,
    { part },
  );
