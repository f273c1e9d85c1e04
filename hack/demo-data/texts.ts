import { createRequire } from 'node:module';
import { lot } from './lot.ts';

const require = createRequire(import.meta.url);

interface Entry {
  label: string;
  hexcode: string;
  tags?: string[];
}

/** The languages of the shop and how many of a hundred products each describes: mostly French, as in the original data. */
const languages: [string, number][] = [
  ['fr', 50],
  ['en', 30],
  ['de', 20],
];
const withoutDescription = 35;

/** A tag of more than half of a category says the category itself; no shop's text is as easy as that. */
const tellingShare = 0.5;

export interface Text {
  designation: string;
  description: string | null;
}

/**
 * Texts for pictograms, by code point: the name and the tags in one language, drawn by hash; about
 * a third have no tags. `categories` gives the category of each pictogram by its code.
 */
export function writeTexts(categories: Map<string, string>): Map<string, Text> {
  const books = new Map(languages.map(([name]) => [name, readBook(name, categories)]));
  const texts = new Map<string, Text>();
  for (const code of categories.keys()) {
    const entry = books.get(languageOf(code))?.get(code);
    if (!entry) throw new Error(`emojibase-data has no text for ${code}.`);
    const silent = lot('description', code) % 100 < withoutDescription;
    texts.set(code, {
      designation: withoutGenus(entry.label),
      description: silent || entry.tags.length === 0 ? null : entry.tags.join(', '),
    });
  }
  return texts;
}

function readBook(language: string, categories: Map<string, string>) {
  const entries: Entry[] = require(`emojibase-data/${language}/data.json`);
  const sold = entries.filter(({ hexcode }) => categories.has(codeOf(hexcode)));
  const telling = tellingTags(sold, categories);
  return new Map(
    sold.map(({ hexcode, label, tags = [] }) => {
      const category = categories.get(codeOf(hexcode)) as string;
      const kept = tags.filter((tag) => !telling.get(category)?.has(tag));
      return [codeOf(hexcode), { label, tags: kept }];
    }),
  );
}

function tellingTags(entries: Entry[], categories: Map<string, string>): Map<string, Set<string>> {
  const byCategory = Map.groupBy(
    entries,
    ({ hexcode }) => categories.get(codeOf(hexcode)) as string,
  );
  return new Map(
    [...byCategory].map(([category, own]) => {
      const counts = Map.groupBy(
        own.flatMap(({ tags = [] }) => tags),
        (tag) => tag,
      );
      const telling = [...counts].filter(([, found]) => found.length > own.length * tellingShare);
      return [category, new Set(telling.map(([tag]) => tag))];
    }),
  );
}

function languageOf(code: string): string {
  let rest = lot('language', code) % 100;
  for (const [name, share] of languages) {
    if (rest < share) return name;
    rest -= share;
  }
  throw new Error('The shares of the languages are not 100 in all.');
}

/** `flag: France` becomes `France`: the words before the colon are the category. */
function withoutGenus(label: string): string {
  return label.replace(/^[^:]+?\s?:\s+/, '');
}

/** A code without variation selectors: the two packages differ in where they write them. */
export function codeOf(unified: string): string {
  return unified.replaceAll('-FE0F', '');
}
