import { type Explanation, explainLimits } from '@shelfwise/inference-contract';
import { maximumCharacters } from '@shelfwise/trainer-contract';

type Place = Explanation['words'][number]['at'][number];

/** Words, or runs of words, that are left out together. */
export interface Unit {
  text: string;
  at: Place[];
}

interface Texts {
  designation: string | null;
  description: string | null;
}

/** Letters, digits and entities (`caf&eacute;` is one word), joined by an apostrophe, dot or dash; tags are none. */
const wordOrTag =
  /<[^<>]*>|(?:[\p{L}\p{N}\p{M}]|&#?\w{1,31};)+(?:['’.-](?:[\p{L}\p{N}\p{M}]|&#?\w{1,31};)+)*/gu;

/**
 * The text in units, at most `explainLimits.words`: different words where there are no more, else runs of as few
 * words as will do. Equal ones, whatever their case, are one unit.
 */
export function unitsOf(texts: Texts): Unit[] {
  const words = (['designation', 'description'] as const).map((part) =>
    wordsOf(part, texts[part] ?? ''),
  );
  for (let length = 1; ; length++) {
    const units = runs(words, length, texts);
    if (units.length <= explainLimits.words) return units;
  }
}

function wordsOf(part: Place['part'], text: string): Place[] {
  const read = text.slice(0, maximumCharacters);
  return Array.from(read.matchAll(wordOrTag))
    .filter(([word]) => !word.startsWith('<'))
    .map((match) => ({ part, start: match.index, end: match.index + match[0].length }));
}

function runs(words: Place[][], length: number, texts: Texts): Unit[] {
  const units = new Map<string, Unit>();
  for (const ofPart of words) {
    for (let i = 0; i < ofPart.length; i += length) {
      const first = ofPart[i] as Place;
      const last = ofPart[Math.min(i + length, ofPart.length) - 1] as Place;
      const place = { ...first, end: last.end };
      const text = (texts[place.part] ?? '').slice(place.start, place.end);
      const key = text.toLowerCase();
      const unit = units.get(key) ?? { text, at: [] };
      unit.at.push(place);
      units.set(key, unit);
    }
  }
  return [...units.values()];
}

/** The texts with a blank in place of a unit. */
export function without({ at }: Unit, texts: Texts): Texts {
  const left = { designation: texts.designation, description: texts.description };
  for (const { part, start, end } of at.toReversed()) {
    const text = left[part] as string;
    left[part] = `${text.slice(0, start)} ${text.slice(end)}`;
  }
  return left;
}
