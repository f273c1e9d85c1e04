import type { GraphBuilder } from './graph.ts';

/**
 * Computes something for those products alone that have it, so that one without picture does not pay for the backbone.
 *
 * @param flag name of float32 [n, 1]: 1 for the products that have it, 0 for the others
 * @param value name of what they have, [n, …]
 * @param compute makes float32 [m, width] of the rows [m, …] of those that have it; m is at least 1
 * @returns name of float32 [n, width], 0 for those that have it not
 */
export function forPresentRows(
  graph: GraphBuilder,
  { flag, value, width }: { flag: string; value: string; width: number },
  compute: (inner: GraphBuilder, rows: string) => string,
): string {
  const nothing = (inner: GraphBuilder) => {
    // [n, 1] times [1, width]
    const columns = inner.constant(BigInt64Array.of(1n, BigInt(width)), [2]);
    const shape = inner.node('Mul', [inner.node('Shape', [flag]), columns]);
    return inner.node('ConstantOfShape', [shape]);
  };
  const zero = graph.constant(Float32Array.of(0), []);
  const most = graph.node('ReduceMax', [flag], { keepdims: 0 });
  return graph.either(
    graph.node('Greater', [most, zero]),
    (inner) => {
      const second = inner.constant(BigInt64Array.of(1n), [1]);
      const has = inner.node('Squeeze', [inner.node('Greater', [flag, zero]), second]);
      const rows = inner.node('Compress', [value, has], { axis: 0 });
      const places = inner.node('Transpose', [inner.node('NonZero', [has])], { perm: [1, 0] });
      return inner.node('ScatterND', [nothing(inner), places, compute(inner, rows)]);
    },
    nothing,
    { type: 'float', shape: ['n', width] },
  );
}
