import { createHash } from 'node:crypto';
import type { Side } from './product.ts';

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

interface Group {
  class: string;
  side: Side | null;
  /** By this the open groups of a class are drawn: a hash, so neither their size nor their age matters. */
  lot: string;
}

/**
 * On which side each product stands. A group stands on one side, unless the source itself asks for
 * both; a group with a member that was in train is train, else one that was in holdout stays
 * there; the open groups are drawn by hash until each class has `holdoutPercent` of its groups in
 * holdout, at least one as soon as it has two. Depends on the members alone, not on their order.
 */
export function splitProducts(members: Member[], holdoutPercent: number): Side[] {
  const byNumber = Map.groupBy(members, (member) => member.group);
  const groups = new Map([...byNumber].map(([number, own]) => [number, describe(own)]));
  for (const own of Map.groupBy(groups.values(), (group) => group.class).values()) {
    draw(own, holdoutPercent);
  }
  return members.map(({ wanted, group }) => wanted ?? groups.get(group)?.side ?? 'train');
}

function describe(members: Member[]): Group {
  const keys = members.map((member) => member.key).sort();
  return { class: commonest(members), side: decided(members), lot: lotOf(keys[0] as string) };
}

/** The first half of the hash, as its digits: as good as all of it, and there are as many as groups. */
function lotOf(key: string): string {
  return createHash('sha256').update(key).digest().toString('hex', 0, 16);
}

function decided(members: Member[]): Side | null {
  for (const said of ['wanted', 'before'] as const) {
    if (members.some((member) => member[said] === 'train')) return 'train';
    if (members.some((member) => member[said] === 'holdout')) return 'holdout';
  }
  return null;
}

function draw(groups: Group[], holdoutPercent: number): void {
  const on = (side: Side | null) => groups.filter((group) => group.side === side);
  const open = on(null).sort((a, b) => (a.lot < b.lot ? -1 : 1));
  const share = Math.round((groups.length * holdoutPercent) / 100);
  const target = groups.length < 2 ? 0 : Math.max(1, share);
  // A class that nothing in train shows could not be learnt.
  const kept = on('train').length > 0 ? 0 : 1;
  const missing = Math.min(target - on('holdout').length, open.length - kept);
  open.forEach((group, i) => {
    group.side = i < missing ? 'holdout' : 'train';
  });
}

/** A group's class for stratifying: the commonest of its members, of equals the first by name. */
function commonest(members: Member[]): string {
  const counts = [...Map.groupBy(members, (member) => member.class)];
  counts.sort(([a, as], [b, bs]) => bs.length - as.length || (a < b ? -1 : 1));
  return counts[0]?.[0] as string;
}
