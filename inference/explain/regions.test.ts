import { expect } from 'chai';
import { gridOf } from './regions.ts';

describe('the regions of an explanation', () => {
  const cases = [
    { name: 'a square', width: 500, height: 500, size: 128, cells: 36, covered: 128 * 128 },
    { name: 'a wide one', width: 600, height: 200, size: 96, cells: 12, covered: 96 * 32 },
    { name: 'a line', width: 1, height: 5_000, size: 64, cells: 6, covered: 64 },
    { name: 'a view of few pixels', width: 9, height: 9, size: 4, cells: 16, covered: 16 },
  ];
  for (const { name, width, height, size, cells, covered } of cases) {
    it(`cover it once, and no margin: ${name}`, () => {
      const grid = gridOf({ width, height }, size);
      expect(grid).to.have.length(cells);
      const hits = new Map<number, number>();
      for (const { mask } of grid) {
        const [left, top, right, bottom] = mask;
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++)
            hits.set(y * size + x, (hits.get(y * size + x) ?? 0) + 1);
      }
      expect([hits.size, Math.max(...hits.values())]).to.deep.equal([covered, 1]);
      const area = grid.reduce((sum, { region: [, , w, h] }) => sum + w * h, 0);
      expect(area).to.be.closeTo(1, 0.01);
    });
  }
});
