import { createHash } from 'node:crypto';
import { createGroups, type Sample } from '@shelfwise/trainer-contract';

/** One product in ten is held back from the fit that is judged. */
const validationShare = 0.1;

/** Two numbers in [0, 1) by what a product shows: the side that it is on, and whether it speaks for those it is together with. */
interface Draw {
  readonly side: number;
  readonly rank: number;
}

/**
 * Chooses the products that are held back. Variants that share a text or a picture share a side, also over others: with one
 * learned and the other judged the figures flatter. Drawn by the text, so that a product mostly stays on its side whatever
 * else is in the catalogue.
 */
export function createValidation() {
  const draws: Draw[] = [];
  const signs: string[][] = [];
  return {
    /** The next product; `picture` is its picture's digest. */
    add({ id, designation, description }: Sample, picture: string | undefined): void {
      const text = `${designation}\n${description ?? ''}`.trim().toLowerCase();
      draws.push(drawOf(text || id));
      signs.push(
        [...(text ? [`text ${text}`] : []), ...(picture ? [`picture ${picture}`] : [])].map(
          digestOf,
        ),
      );
    },
    /** 1 for each product that is held back; at least one, also of a very small catalogue. */
    choose(): Uint8Array {
      const sides = sidesOf(draws, signs);
      const least = sides.reduce((a, b) => Math.min(a, b), 1);
      const chosen = Uint8Array.from(sides, (side) =>
        side < validationShare || side === least ? 1 : 0,
      );
      // Of products that all hang together none would be left to fit. The snapshot's order is by a hash.
      if (chosen.every((flag) => flag === 1)) return chosen.map((_, i) => (i % 10 === 0 ? 1 : 0));
      return chosen;
    },
  };
}

/** Each product's side, which is that of the lowest rank among those it is together with: a large group is as likely held back as a small one. */
function sidesOf(draws: readonly Draw[], signs: readonly string[][]): number[] {
  const { join, rootOf } = createGroups(draws.length);
  const first = new Map<string, number>();
  signs.forEach((own, row) => {
    for (const sign of own) join(first, sign, row);
  });
  const speakers = new Map<number, Draw>();
  draws.forEach((draw, row) => {
    const root = rootOf(row);
    const speaker = speakers.get(root);
    if (!speaker || draw.rank < speaker.rank) speakers.set(root, draw);
  });
  return draws.map((draw, row) => (speakers.get(rootOf(row)) ?? draw).side);
}

function drawOf(text: string): Draw {
  const hash = createHash('sha256').update(`validation ${text}`).digest();
  return { side: hash.readUInt32BE(0) / 2 ** 32, rank: hash.readUInt32BE(4) / 2 ** 32 };
}

/** Short: there is one in memory for each text and picture of the catalogue. */
function digestOf(sign: string): string {
  return createHash('sha256').update(sign).digest('base64').slice(0, 20);
}
