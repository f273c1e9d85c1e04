const names = new Intl.DisplayNames('en', { type: 'language' });

/** The English name of a language by its ISO 639-1 code; what is none is shown as it is, and for null `untold` is said. */
export function languageName(code: string | null, untold: string): string {
  if (code === null) return untold;
  return /^[a-z]{2,3}$/.test(code) ? (names.of(code) ?? code) : code;
}
