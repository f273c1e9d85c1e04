import { type Content, type Markup, markup } from '@shelfwise/report';

/** Text of the document for people: paragraphs, and code between backticks. What else Markdown knows is not used in it. */
export function prose(text: string): Markup {
  return markup`${text.split('\n\n').map((paragraph) => markup`<p>${inline(paragraph)}</p>\n`)}`;
}

/** A line of it. `code` is what becomes of what stands between backticks. */
export function inline(
  text: string,
  code = (part: string) => markup`<code>${part}</code>`,
): Content {
  return text.split('`').map((part, i) => (i % 2 === 1 ? code(part) : part));
}
