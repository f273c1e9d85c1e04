import { decodeHTML } from 'entities';

/**
 * The pieces that a sentence is cut into, and the logarithm of how often each occurs: a unigram model of subwords
 * (arXiv:1804.10959). The first three stand for what is unknown, for the beginning and for the end.
 */
export interface PieceVocabulary {
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
}

/** A product's text as a pretrained network reads it. */
export interface SentencePieces extends PieceVocabulary {
  /** How many pieces are read, beginning and end among them; of a longer text the first ones. */
  readonly length: number;
}

const [unknown, begin, end] = [0, 1, 2];
/** Stands for the space before a word. */
const space = '▁';
/** No piece is worth less than an unknown character. */
const unknownPenalty = 10;
// What is behind them is not read: 64 pieces of European languages have some 270 characters.
const mostDesignation = 1024;
const mostDescription = 4096;
const mostCharacters = 400;
/**
 * What the network's own normaliser sees as a space, which is not all that can't be seen: it knows joiners (U+200C, U+200D)
 * as pieces. Control characters it does not know, and half a character it is never given.
 */
const blanks = /[\s\p{Cc}\p{Cs}\u200b\u200e\u200f\ufffd▁]+/gu;
const blankEnd = /[ \p{Cs}]+$/u;
/** The pieces that are no text: the first three, and those that the network keeps for other uses. */
const isText = (piece: string, id: number) => id > end && !/^extra_token_id_\d+$/.test(piece);

/**
 * The most likely pieces of a product's text, designation first, between those for beginning and end. None where there is
 * nothing but white space and unknown characters. Case is kept: the network knows names. Never throws, whatever the text.
 */
export function piecesOf(
  designation: string | null,
  description: string | null,
  vocabulary: SentencePieces,
): number[] {
  const text = sentenceOf(designation, description);
  if (text === '') return [];
  const pieces = cut(space + text.replaceAll(' ', space), vocabulary);
  const { bare } = indexOf(vocabulary);
  if (pieces.every((id) => id === unknown || id === bare)) return [];
  return [begin, ...pieces.slice(0, vocabulary.length - 2), end];
}

/** Text without HTML, in compatibility form (NFKC), with single spaces. */
function sentenceOf(designation: string | null, description: string | null): string {
  const parts = [
    (designation ?? '').slice(0, mostDesignation),
    (description ?? '').slice(0, mostDescription),
  ];
  const joined = parts.join(' ').trim();
  const unescaped = joined.includes('&') ? decodeHTML(joined) : joined;
  const plain = unescaped.includes('<') ? unescaped.replace(/<[^<>]{1,200}>/g, ' ') : unescaped;
  return plain
    .normalize('NFKC')
    .replace(blanks, ' ')
    .trim()
    .slice(0, mostCharacters)
    .replace(blankEnd, '');
}

/** Viterbi over all ways to cut the text, by the sum of the pieces' scores. */
function cut(text: string, vocabulary: PieceVocabulary): number[] {
  const { ids, longest, unknownScore } = indexOf(vocabulary);
  const { scores } = vocabulary;
  const { length } = text;
  const best = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
  const from = new Int32Array(length + 1);
  const piece = new Int32Array(length + 1);
  best[0] = 0;
  const offer = (to: number, start: number, id: number, score: number) => {
    if (score <= (best[to] as number)) return;
    best[to] = score;
    from[to] = start;
    piece[to] = id;
  };
  for (let start = 0; start < length; start++) {
    const before = best[start] as number;
    const last = Math.min(start + longest, length);
    for (let to = start + 1; to <= last; to++) {
      const id = ids.get(text.slice(start, to));
      if (id === undefined) break;
      if (id >= 0) offer(to, start, id, before + (scores[id] as number));
    }
    const step = (text.codePointAt(start) as number) > 0xffff ? 2 : 1;
    offer(start + step, start, unknown, before + unknownScore);
  }
  const pieces: number[] = [];
  for (let to = length; to > 0; to = from[to] as number) pieces.push(piece[to] as number);
  return pieces.reverse();
}

interface PieceIndex {
  /** Of each piece its id; −1 for what only longer pieces begin with. */
  readonly ids: ReadonlyMap<string, number>;
  readonly longest: number;
  /** The piece that is a space alone. */
  readonly bare: number | undefined;
  readonly unknownScore: number;
}

const indices = new WeakMap<PieceVocabulary, PieceIndex>();

function indexOf(vocabulary: PieceVocabulary): PieceIndex {
  const known = indices.get(vocabulary);
  if (known) return known;
  const ids = new Map<string, number>();
  let longest = 0;
  let least = 0;
  vocabulary.pieces.forEach((piece, id) => {
    least = Math.min(least, vocabulary.scores[id] as number);
    if (!isText(piece, id)) return;
    // What one begins with is there with all that it begins with itself.
    for (let to = piece.length - 1; to > 0; to--) {
      const beginning = piece.slice(0, to);
      if (ids.has(beginning)) break;
      ids.set(beginning, -1);
    }
    ids.set(piece, id);
    longest = Math.max(longest, piece.length);
  });
  const index = { ids, longest, bare: ids.get(space), unknownScore: least - unknownPenalty };
  indices.set(vocabulary, index);
  return index;
}
