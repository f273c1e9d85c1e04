import { Problem } from './problems.ts';

/** Where a page ended, as a word that callers pass on and nobody has to understand. */
export function cursorAfter(last: string): string {
  return Buffer.from(last).toString('base64url');
}

/** What was last on the page before. Throws `unusable-part` unless it is of the `form` of what cursors hold. */
export function readCursor(cursor: string, form: RegExp): string {
  const last = Buffer.from(cursor, 'base64url').toString();
  if (form.test(last) && cursorAfter(last) === cursor) return last;
  const detail = 'The cursor is none that this service gave: begin without one.';
  throw new Problem('unusable-part', detail, { part: 'cursor' });
}

/** A page of at most `limit` of what was found, one more than asked for where there are more. */
export function page<T>(found: T[], limit: number, nameOf: (one: T) => string) {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit && last !== undefined ? cursorAfter(nameOf(last)) : null;
  return { shown, next };
}
