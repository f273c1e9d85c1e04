import { type Layer, type Norm, type SentenceEncoder, smallest } from '../sentences/encoder.ts';
import { attribute, type GraphBuilder } from './graph.ts';
import { concat, convolve, matMul } from './operators.ts';

/**
 * Adds the encoder.
 *
 * @param pieces names of int32 [n, length] and float32 [n, length] (1 for a piece, 0 for the padding behind them)
 * @returns name of float32 [n, vectorWidth]; what stands for a text without pieces means nothing
 */
export function addSentences(
  graph: GraphBuilder,
  encoder: SentenceEncoder,
  { ids, present, length }: { ids: string; present: string; length: number },
): string {
  const { projection, projected, branches, norm, sum, dense, width, table } = encoder;
  const integers = (...values: number[]) =>
    graph.constant(Int32Array.from(values), [values.length]);
  const scalar = (value: number) => graph.constant(Float32Array.of(value), []);
  const vector = (values: Float32Array) => graph.constant(values, [values.length]);
  const node = (operator: string, ...inputs: string[]) => graph.node(operator, inputs);
  const add = (x: string, y: string) => node('AddV2', x, y);
  const relu = (x: string) => node('Relu', x);
  const reshape = (x: string, ...shape: number[]) => node('Reshape', x, integers(...shape));
  const total = (x: string, keep: boolean) =>
    graph.node('Sum', [x, integers(1)], { keep_dims: attribute.flag(keep) });
  const mean = (x: string) =>
    graph.node('Mean', [x, integers(1)], { keep_dims: attribute.flag(true) });
  const times = (x: string, { inputs, outputs, kernel, bias }: Layer) => {
    const product = matMul(graph, x, graph.constant(kernel, [inputs, outputs]));
    return bias ? add(product, vector(bias)) : product;
  };
  const normalise = (x: string, { gain, bias }: Norm) => {
    const centred = node('Sub', x, mean(x));
    const variance = mean(node('Mul', centred, centred));
    const deviation = node('Sqrt', add(variance, scalar(smallest)));
    return add(node('Mul', node('RealDiv', centred, deviation), vector(gain)), vector(bias));
  };

  const rows = table.length / width;
  const flat = reshape(ids, -1);
  const axis = graph.constant(Int32Array.of(0), []);
  const gather = (values: string) => graph.node('GatherV2', [values, flat, axis]);
  const perPiece = (values: Float32Array) => gather(graph.constant(values, [rows, 1]));
  const bytes = gather(graph.bytes(table, [rows, width]));
  const vectors = add(node('Mul', bytes, perPiece(encoder.scales)), perPiece(encoder.lows));
  const flags = reshape(present, -1, 1);
  const read = node('Mul', normalise(times(vectors, projection), projected), flags);
  const channels = projection.outputs / branches.length;
  const found = branches.map(({ span, convolutions }, index) => {
    let x = node('Slice', read, integers(0, index * channels), integers(-1, channels));
    for (const { kernel, bias } of convolutions) {
      // Along one row of a picture as wide as the text is long.
      const filter = graph.constant(kernel, [1, span, channels, channels]);
      const place = reshape(x, -1, 1, length, channels);
      const seen = convolve(graph, 'Conv2D', place, { kernel: filter, stride: 1 });
      const biased = relu(add(seen, vector(bias as Float32Array)));
      x = node('Mul', add(reshape(biased, -1, channels), x), flags);
    }
    return x;
  });
  const all = node('Mul', normalise(concat(graph, [vectors, ...found]), norm), flags);
  const count = node('Maximum', total(present, true), scalar(1));
  const { bias, ...unbiased } = sum;
  const sums = times(total(reshape(all, -1, length, sum.inputs), false), {
    ...unbiased,
    bias: undefined,
  });
  const biases = node('Mul', count, vector(bias as Float32Array));
  const x = node('RealDiv', add(sums, biases), node('Sqrt', count));
  const a = relu(times(x, dense.d0));
  const b = relu(add(times(x, dense.p1), times(a, dense.d1)));
  const c = relu(times(b, dense.d2));
  const z = node('Tanh', add(times(b, dense.p3), times(c, dense.d3)));
  const squares = total(node('Mul', z, z), true);
  return node('RealDiv', z, node('Sqrt', node('Maximum', squares, scalar(smallest))));
}
