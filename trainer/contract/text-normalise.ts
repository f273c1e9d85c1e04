import { decodeHTML } from 'entities';

/** Text is read up to here; a description that is longer says nothing new, and a hostile one costs nothing. */
export const maximumCharacters = 32_768;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII itself
const ascii = /^[\x00-\x7f]*$/;
const marks = /\p{M}+/gu;

/** Whether `Café` and `Cafe` are one word or two. */
export type Marks = 'stripped' | 'kept';

/**
 * HTML unescaped, compatibility forms undone (NFKC), lower case, and, unless they are kept, marks stripped:
 * `Caf&eacute;` and `CAFE` become one word. Never throws: unpaired surrogates and NUL pass through as they are.
 */
export function normaliseText(text: string, accents: Marks = 'stripped'): string {
  const bounded = text.slice(0, maximumCharacters);
  const unescaped = bounded.includes('&') ? decodeHTML(bounded) : bounded;
  if (ascii.test(unescaped)) return unescaped.toLowerCase();
  // Compatibility forms expand up to 18-fold, hence the second bound.
  const letters =
    accents === 'kept'
      ? unescaped.normalize('NFKC').toLowerCase()
      : unescaped.normalize('NFKD').replace(marks, '').toLowerCase();
  return letters.slice(0, maximumCharacters);
}

/** A product's whole text: designation, then description. */
export function joinText(designation: string | null, description: string | null): string {
  return normaliseText(`${designation ?? ''} ${description ?? ''}`);
}
