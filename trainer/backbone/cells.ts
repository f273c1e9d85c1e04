/**
 * A matrix that averages over the cells of a grid: of a plane of `side` × `side` values, row by row, it makes
 * `grid` × `grid` averages. A value that lies in two cells counts in each with the part of it that lies there, so that
 * every side has every grid.
 *
 * @returns float32 [side × side, grid × grid], row-major
 */
export function cellAverages(side: number, grid: number): Float32Array {
  const share = (value: number, cell: number) => {
    const [from, to] = [(cell * side) / grid, ((cell + 1) * side) / grid];
    return Math.max(Math.min(value + 1, to) - Math.max(value, from), 0) / (to - from);
  };
  return Float32Array.from({ length: (side * grid) ** 2 }, (_, index) => {
    const [value, cell] = [Math.floor(index / grid ** 2), index % grid ** 2];
    const row = share(Math.floor(value / side), Math.floor(cell / grid));
    return row * share(value % side, cell % grid);
  });
}
