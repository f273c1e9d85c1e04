const trusted = Symbol('markup');

/** HTML that may stand in a page as it is. Only this file makes it, so no text from elsewhere can pass for it. */
export interface Markup {
  readonly [trusted]: string;
}

/** What may stand in a template: text is escaped, lists are joined, null and undefined are nothing. */
export type Content = Markup | string | number | null | undefined | readonly Content[];

/**
 * A tagged template of HTML: what is written in it stands as it is, every value is escaped for text and for attributes in
 * double quotes alike.
 */
export function markup(parts: TemplateStringsArray, ...values: Content[]): Markup {
  const html = parts.reduce((sum, part, i) => sum + render(values[i - 1]) + part);
  return { [trusted]: html };
}

/** Text of this package's own that must not be escaped. Not for users of the package. */
export function verbatim(html: string): Markup {
  return { [trusted]: html };
}

/** The HTML of any content. */
export function render(content: Content): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'number') return escaped(String(content));
  if (typeof content === 'string') return escaped(content);
  if (isList(content)) return content.map(render).join('');
  const html = content[trusted];
  if (typeof html !== 'string') throw new TypeError('An object is no content of a page.');
  return html;
}

const isList = (content: Markup | readonly Content[]): content is readonly Content[] =>
  Array.isArray(content);

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Besides what HTML reads as markup: halves of surrogate pairs, control characters, and what turns the direction of the text
 * that follows (a name could make the figure beside it read backwards) become the replacement character.
 */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
      .replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
      .replace(/[&<>"']/g, (character) => entities[character] as string)
  );
}
