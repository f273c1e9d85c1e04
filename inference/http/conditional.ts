/** Whether If-None-Match names the tag, weakly or not: the caller has it already. */
export function isKnown(header: string, tag: string): boolean {
  if (header.trim() === '*') return true;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
