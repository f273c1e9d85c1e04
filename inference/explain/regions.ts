import { explainLimits } from '@shelfwise/inference-contract';
import type { Mask } from '../engine/item.ts';

export interface Cell {
  /** Left, top, width, height as shares of the picture. */
  region: [number, number, number, number];
  /** The same in what the model sees. */
  mask: Mask;
}

/**
 * A grid over the picture of `width` × `height` as it lies, whole and centred, in the `size` × `size` that the model sees.
 * Its margins are no part of the picture. Cells are about square, and a pixel wide at least.
 */
export function gridOf({ width, height }: { width: number; height: number }, size: number): Cell[] {
  const longer = Math.max(width, height);
  const across = axis(width / longer, size);
  const down = axis(height / longer, size);
  return down.flatMap((row) =>
    across.map((column) => ({
      region: [column.from, row.from, column.share, row.share],
      mask: [column.start, row.start, column.end, row.end],
    })),
  );
}

/** One direction, in which the picture takes `share` of the model's view. */
function axis(share: number, size: number) {
  const pixels = Math.max(1, Math.round(share * size));
  const offset = Math.floor((size - pixels) / 2);
  const cells = Math.min(pixels, Math.max(1, Math.round(share * explainLimits.cells)));
  const edge = (i: number) => Math.round((i * pixels) / cells);
  return Array.from({ length: cells }, (_, i) => ({
    start: offset + edge(i),
    end: offset + edge(i + 1),
    from: shorter(edge(i) / pixels),
    share: shorter((edge(i + 1) - edge(i)) / pixels),
  }));
}

const shorter = (share: number) => Math.round(share * 1e4) / 1e4;
