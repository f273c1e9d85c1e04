import { createHash } from 'node:crypto';
import { type Content, markup, render, verbatim } from './markup.ts';
import { style } from './style.ts';

export interface Section {
  title: string;
  content: Content;
}

export interface Page {
  title: string;
  /** Below the title: what the page is about, in a sentence. */
  lead?: Content;
  sections: readonly Section[];
  footer?: Content;
}

/**
 * Should an escape ever be missed, a browser still runs and loads nothing but this page's own style and pictures. For the header
 * Content-Security-Policy, too, where a page is served.
 */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; img-src data:; form-action 'none'; base-uri 'none'`;

/** A whole HTML document, self-contained, for screens of any size, dark mode and paper. */
export function page({ title, lead, sections, footer }: Page): string {
  return render([
    markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>`,
    verbatim(style),
    markup`</style>
</head>
<body>
<header>
<h1>${title}</h1>
${lead}
<nav><ol>${sections.map((section, i) => markup`<li><a href="#part-${i + 1}">${section.title}</a></li>`)}</ol></nav>
</header>
<main>
${sections.map(
  (section, i) => markup`<section id="part-${i + 1}">
<h2>${section.title}</h2>
${section.content}
</section>
`,
)}</main>
${footer === undefined ? null : markup`<footer>${footer}</footer>`}
</body>
</html>
`,
  ]);
}
