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
 * The text in units, at most `explainLimits.words`: different words where there are no more, else runs of about as few
 * words as will do. Equal ones, whatever their case, are one unit.
 */
export function unitsOf(texts: Texts): Unit[] {
  const words = (['designation', 'description'] as const).map((part) =>
    wordsOf(part, texts[part] ?? ''),
  );
  // By a fourth: a hostile text, in which runs of every length differ, is gone through thirty times and not hundreds.
  for (let length = 1; ; length = Math.ceil(length * 1.25)) {
    const units = runs(words, length, texts);
    if (units) return units;
  }
}

function wordsOf(part: Place['part'], text: string): Place[] {
  const read = text.slice(0, maximumCharacters);
  return Array.from(read.matchAll(wordOrTag))
    .filter(([word]) => !word.startsWith('<'))
    .map((match) => ({ part, start: match.index, end: match.index + match[0].length }));
}

/** Undefined where there are too many. */
function runs(words: Place[][], length: number, texts: Texts): Unit[] | undefined {
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
      if (units.size > explainLimits.words) return undefined;
    }
  }
  return [...units.values()];
}

/** The texts, as far as they are read, with a blank in place of a unit. */
export function without({ at }: Unit, texts: Texts): Texts {
  const left = (part: Place['part']) => {
    const text = texts[part]?.slice(0, maximumCharacters);
    if (text === undefined) return null;
    const kept: string[] = [];
    let from = 0;
    for (const { start, end } of at.filter((place) => place.part === part)) {
      kept.push(text.slice(from, start));
      from = end;
    }
    return [...kept, text.slice(from)].join(' ');
  };
  return { designation: left('designation'), description: left('description') };
}
