import { expect } from 'chai';
import fc from 'fast-check';
import type { Side } from './product.ts';
import { type Member, splitProducts } from './split.ts';

const side = fc.constantFrom<Side | null>('train', 'holdout', null, null, null);
/** Products with few classes and groups, so that these meet often. */
const anyMembers = (wanted: fc.Arbitrary<Side | null>, before: fc.Arbitrary<Side | null>) =>
  fc.uniqueArray(
    fc.record({
      key: fc.integer({ min: 0, max: 1e6 }).map((n) => n.toString(16).padStart(32, '0')),
      class: fc.constantFrom('a', 'b', 'c'),
      group: fc.integer({ min: 0, max: 40 }),
      wanted,
      before,
    }),
    { selector: (member) => member.key, maxLength: 80 },
  );
const none = fc.constant(null);
const percent = fc.integer({ min: 1, max: 50 });

function groupsOf(members: Member[], sides: Side[]) {
  const placed = members.map((member, i) => ({ ...member, side: sides[i] as Side }));
  return [...Map.groupBy(placed, (member) => member.group).values()];
}

describe('splitProducts', () => {
  it('keeps a group on one side', () => {
    fc.assert(
      fc.property(anyMembers(none, side), percent, (members, share) => {
        for (const group of groupsOf(members, splitProducts(members, share))) {
          expect(new Set(group.map((member) => member.side)).size).to.equal(1);
        }
      }),
    );
  });

  it('keeps what the parent decided; train wins in a group that had both', () => {
    fc.assert(
      fc.property(anyMembers(none, side), percent, (members, share) => {
        for (const group of groupsOf(members, splitProducts(members, share))) {
          const before = group.map((member) => member.before);
          if (before.includes('train')) expect(group[0]?.side).to.equal('train');
          else if (before.includes('holdout')) expect(group[0]?.side).to.equal('holdout');
        }
      }),
    );
  });

  it('does as the source asks', () => {
    fc.assert(
      fc.property(anyMembers(side, side), percent, (members, share) => {
        const sides = splitProducts(members, share);
        members.forEach((member, i) => {
          if (member.wanted) expect(sides[i]).to.equal(member.wanted);
        });
      }),
    );
  });

  it('does not depend on the order of products or on how groups are numbered', () => {
    fc.assert(
      fc.property(
        anyMembers(side, side),
        percent,
        fc.infiniteStream(fc.nat()),
        (members, share, random) => {
          const byKey = (own: Member[]) => {
            const sides = splitProducts(own, share);
            return Object.fromEntries(own.map((member, i) => [member.key, sides[i]]));
          };
          const shuffled = members
            .map((member) => ({
              member: { ...member, group: 1000 - member.group },
              at: random.next().value,
            }))
            .sort((a, b) => a.at - b.at)
            .map(({ member }) => member);
          expect(byKey(shuffled)).to.deep.equal(byKey(members));
        },
      ),
    );
  });

  it('holds out the share of each class, to the nearest group', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), percent, (count, share) => {
        const members = Array.from({ length: count }, (_, i) => ({
          ...{ key: `${i}`.padStart(32, '0'), class: 'a', group: i, wanted: null, before: null },
        }));
        const held = splitProducts(members, share).filter((own) => own === 'holdout').length;
        const wanted =
          count < 2 ? 0 : Math.min(count - 1, Math.max(1, Math.round((count * share) / 100)));
        expect(held).to.equal(wanted);
      }),
    );
  });

  it('changes nothing when the same products come again with their own split as parent', () => {
    fc.assert(
      fc.property(anyMembers(none, none), percent, (members, share) => {
        const sides = splitProducts(members, share);
        const again = members.map((member, i) => ({ ...member, before: sides[i] as Side }));
        expect(splitProducts(again, share)).to.deep.equal(sides);
      }),
    );
  });

  it('leaves something of each class to learn from, when the source lets it', () => {
    fc.assert(
      fc.property(anyMembers(none, none), percent, (members, share) => {
        const alone = members.map((member, i) => ({ ...member, group: i }));
        const sides = splitProducts(alone, share);
        const learnt = new Set(
          alone.filter((_, i) => sides[i] === 'train').map((own) => own.class),
        );
        expect(learnt).to.deep.equal(new Set(alone.map((member) => member.class)));
      }),
    );
  });

  it('draws groups whatever their size: large ones are not held out more often', () => {
    const members = Array.from({ length: 600 }, (_, group) =>
      Array.from({ length: group % 2 ? 5 : 1 }, (_, i) => ({
        key: `${(group * 2654435761) % 2 ** 32}${i}`.padStart(32, '0'),
        ...{ class: 'a', group, wanted: null, before: null },
      })),
    ).flat();
    const groups = groupsOf(members, splitProducts(members, 20));
    const held = groups.filter((own) => own[0]?.side === 'holdout');
    expect(held).to.have.length(120);
    expect(held.filter((own) => own.length === 5).length).to.be.within(40, 80);
  });
});
