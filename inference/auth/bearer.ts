import type { IncomingMessage } from 'node:http';
import { TokenError } from './reasons.ts';

/** The token of the header Authorization; undefined where there is no such header. Throws TokenError where it is of another form, or there twice. */
export function bearerToken({ headers, rawHeaders }: IncomingMessage): string | undefined {
  const value = headers.authorization;
  if (value === undefined || value === '') return undefined;
  // Node passes on the first of two: whoever stands before us may have looked at the second.
  if (isThereTwice(rawHeaders)) throw new TokenError('the header is there more than once');
  const token = /^Bearer ([^\s,]+)$/i.exec(value)?.[1];
  if (token === undefined) throw new TokenError('the header is not of the form Bearer TOKEN');
  return token;
}

function isThereTwice(rawHeaders: readonly string[]): boolean {
  let seen = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 13 && name.toLowerCase() === 'authorization') seen++;
  }
  return seen > 1;
}
