import { createHash } from 'node:crypto';
import type { Listed } from './packed-list.ts';
import type { Side } from './product.ts';
import { tally } from './tally.ts';

/** What the split may look at. */
export interface Member {
  key: string;
  class: string;
  group: number;
  /** The side that the source asks for: it wins. */
  wanted: Side | null;
  /** The side on which the product stood in the parent snapshot. */
  before: Side | null;
}

/** What is known of each group, by its number. */
interface Groups {
  readonly sides: (Side | null)[];
  /** 16 bytes each, by which the open groups of a class are drawn: a hash, so neither their size nor their age matters. */
  readonly lots: Buffer;
}

const lotBytes = 16;

/**
 * On which side each product stands. A group stands on one side, unless the source itself asks for
 * both; a group with a member that was in train is train, else one that was in holdout stays
 * there; the open groups are drawn by hash until each class has `holdoutPercent` of its groups in
 * holdout, at least one as soon as it has two. Depends on the members alone, not on their order.
 */
export function splitProducts(members: Listed<Member>, holdoutPercent: number): Side[] {
  const numbers = Uint32Array.from(Iterator.from(members).map((member) => member.group));
  const count = numbers.reduce((most, number) => Math.max(most, number), -1) + 1;
  const groups: Groups = {
    sides: new Array(count).fill(null),
    lots: Buffer.alloc(count * lotBytes),
  };
  const byClass = new Map<string, number[]>();
  for (const own of together(numbers)) {
    const group = numbers[own[0] as number] as number;
    const found = describe(own.values().map((index) => members.at(index) as Member));
    groups.sides[group] = found.side;
    createHash('sha256')
      .update(found.firstKey)
      .digest()
      .copy(groups.lots, group * lotBytes);
    const alike = byClass.get(found.class) ?? [];
    byClass.set(found.class, alike);
    alike.push(group);
  }
  for (const own of byClass.values()) draw(own, groups, holdoutPercent);
  const sides = Iterator.from(members).map(
    ({ wanted, group }) => wanted ?? groups.sides[group] ?? 'train',
  );
  return [...sides];
}

/** The indices of equal numbers together. */
function* together(numbers: Uint32Array): Generator<Uint32Array> {
  const number = (index: number) => numbers[index] as number;
  const order = Uint32Array.from(numbers.keys()).sort((a, b) => number(a) - number(b) || a - b);
  let start = 0;
  for (let end = 1; end <= order.length; end++) {
    if (end < order.length && number(order[end] as number) === number(order[start] as number))
      continue;
    yield order.subarray(start, end);
    start = end;
  }
}

/** A group's class for stratifying, the commonest of its members, of equals the first by name; its side, if that is decided. */
function describe(members: Iterable<Member>) {
  const classes: string[] = [];
  const said = { wanted: new Set<Side | null>(), before: new Set<Side | null>() };
  let firstKey: string | undefined;
  for (const { key, class: name, wanted, before } of members) {
    classes.push(name);
    said.wanted.add(wanted);
    said.before.add(before);
    if (firstKey === undefined || key < firstKey) firstKey = key;
  }
  return {
    class: tally(classes)[0]?.[0] as string,
    side: decided(said.wanted) ?? decided(said.before),
    firstKey: firstKey as string,
  };
}

function decided(said: Set<Side | null>): Side | null {
  return said.has('train') ? 'train' : said.has('holdout') ? 'holdout' : null;
}

function draw(own: number[], { sides, lots }: Groups, holdoutPercent: number): void {
  const on = (side: Side | null) => own.filter((group) => sides[group] === side);
  const lot = (group: number) => lots.subarray(group * lotBytes, (group + 1) * lotBytes);
  const open = on(null).sort((a, b) => lot(a).compare(lot(b)));
  const share = Math.round((own.length * holdoutPercent) / 100);
  const target = own.length < 2 ? 0 : Math.max(1, share);
  // A class that nothing in train shows could not be learnt.
  const kept = on('train').length > 0 ? 0 : 1;
  const missing = Math.min(target - on('holdout').length, open.length - kept);
  open.forEach((group, i) => {
    sides[group] = i < missing ? 'holdout' : 'train';
  });
}
