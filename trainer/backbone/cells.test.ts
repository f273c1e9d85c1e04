import { expect } from 'chai';
import { cellAverages } from './cells.ts';

describe('averages over the cells of a grid', () => {
  /** Of a plane given row by row. */
  function average(plane: number[], grid: number): number[] {
    const matrix = cellAverages(Math.sqrt(plane.length), grid);
    return Array.from({ length: grid * grid }, (_, cell) =>
      plane.reduce((sum, value, i) => sum + value * (matrix[i * grid * grid + cell] as number), 0),
    );
  }

  it('are those of the values in the cell', () => {
    const plane = [1, 3, 10, 10, 5, 7, 10, 10, 0, 0, 2, 2, 0, 0, 2, 6];
    expect(average(plane, 2)).to.deep.equal([4, 10, 0, 3]);
    expect(average(plane, 1)).to.deep.equal([4.25]);
  });

  it('share a value that lies in several', () => {
    const plane = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const [first = 0] = average(plane, 2);
    expect(first).to.be.closeTo((1 + 2 / 2 + 4 / 2 + 5 / 4) / 2.25, 1e-6);
    const mean = average(plane, 2).reduce((sum, value) => sum + value / 4, 0);
    expect(mean).to.be.closeTo(5, 1e-6);
  });

  it('repeat a value where the plane is smaller than the grid', () => {
    expect(average([1, 2, 3, 4], 4).slice(0, 8)).to.deep.equal([1, 1, 2, 2, 1, 1, 2, 2]);
  });
});
