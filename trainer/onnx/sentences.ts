import {
  type Layer,
  type Norm,
  type SentenceEncoder,
  smallest,
  vectorWidth,
} from '../sentences/encoder.ts';
import { createGraph, type GraphBuilder } from './graph.ts';

/**
 * The encoder alone as an ONNX file: `ids` int32 [n, length] and `present` float32 [n, length] in, `vectors` float32
 * [n, vectorWidth] out. It holds the very nodes that a served model has.
 */
export function sentencesOnnx(encoder: SentenceEncoder): Uint8Array {
  const graph = createGraph('shelfwise-sentences');
  graph.output(addSentences(graph, encoder, { ids: 'ids', present: 'present' }), 'vectors');
  return graph.finish(
    [
      { name: 'ids', type: 'int32', shape: ['n', 'length'] },
      { name: 'present', type: 'float', shape: ['n', 'length'] },
    ],
    [{ name: 'vectors', type: 'float', shape: ['n', vectorWidth(encoder)] }],
  );
}

/**
 * Adds the encoder.
 *
 * @param pieces names of int32 [n, length] and float32 [n, length] (1 for a piece, 0 for the padding behind them)
 * @returns name of float32 [n, vectorWidth]; what stands for a text without pieces means nothing
 */
export function addSentences(
  graph: GraphBuilder,
  encoder: SentenceEncoder,
  pieces: { ids: string; present: string },
): string {
  const { projection, projected, branches, norm, sum, dense, table, width } = encoder;
  const indices = (...values: number[]) =>
    graph.constant(BigInt64Array.from(values, BigInt), [values.length]);
  const scalar = (value: number) => graph.constant(Float32Array.of(value), []);
  const vector = (values: Float32Array) => graph.constant(values, [values.length]);
  const add = (x: string, y: string) => graph.node('Add', [x, y]);
  const relu = (x: string) => graph.node('Relu', [x]);
  const times = (x: string, layer: Layer) => {
    const { inputs, outputs, kernel, bias } = layer;
    const product = graph.node('MatMul', [x, graph.constant(kernel, [inputs, outputs])]);
    return bias ? add(product, vector(bias)) : product;
  };
  const normalise = (x: string, { gain, bias }: Norm) =>
    graph.node('LayerNormalization', [x, vector(gain), vector(bias)], {
      axis: -1,
      epsilon: { float: smallest },
    });
  const turned = (x: string) => graph.node('Transpose', [x], { perm: [0, 2, 1] });

  const { ids, present, counts } = trim(graph, pieces);
  const flags = graph.node('Unsqueeze', [present, indices(2)]);
  const rows = table.length / width;
  const perPiece = (values: Float32Array) =>
    graph.node('Gather', [graph.constant(values, [rows, 1]), ids], { axis: 0 });
  const bytes = graph.node('Gather', [graph.constant(table, [rows, width]), ids], { axis: 0 });
  const scaled = graph.node('Mul', [
    graph.node('Cast', [bytes], { to: 1 }),
    perPiece(encoder.scales),
  ]);
  // [n, length, width]
  const vectors = add(scaled, perPiece(encoder.lows));
  const read = graph.node('Mul', [normalise(times(vectors, projection), projected), flags]);
  const flagsTurned = graph.node('Unsqueeze', [present, indices(1)]);
  const inputs = graph.nodes(
    'Split',
    [turned(read), indices(...branches.map(() => projection.outputs / branches.length))],
    branches.length,
    { axis: 1 },
  );
  const found = branches.map(({ span, convolutions }, index) => {
    // [n, branch width, length]
    let x = inputs[index] as string;
    for (const layer of convolutions) {
      const before = Math.floor((span - 1) / 2);
      const seen = graph.node('Conv', [x, ...filterOf(graph, layer, span)], {
        kernel_shape: [span],
        pads: [before, span - 1 - before],
      });
      x = graph.node('Mul', [add(relu(seen), x), flagsTurned]);
    }
    return turned(x);
  });
  const joined = graph.node('Concat', [vectors, ...found], { axis: 2 });
  const all = graph.node('Mul', [normalise(joined, norm), flags]);
  const total = graph.node('ReduceSum', [all, indices(1)], { keepdims: 0 });
  const { bias, ...unbiased } = sum;
  const biases = graph.node('Mul', [counts, vector(bias as Float32Array)]);
  const x = graph.node('Div', [
    add(times(total, { ...unbiased, bias: undefined }), biases),
    graph.node('Sqrt', [counts]),
  ]);
  const a = relu(times(x, dense.d0));
  const b = relu(add(times(x, dense.p1), times(a, dense.d1)));
  const c = relu(times(b, dense.d2));
  const z = graph.node('Tanh', [add(times(b, dense.p3), times(c, dense.d3))]);
  const squares = graph.node('ReduceSum', [graph.node('Mul', [z, z]), indices(1)], { keepdims: 1 });
  return graph.node('Div', [
    z,
    graph.node('Sqrt', [graph.node('Max', [squares, scalar(smallest)])]),
  ]);
}

/** Without the columns that are padding in every row: most texts are short, and the work is as much as the columns are. */
function trim(graph: GraphBuilder, { ids, present }: { ids: string; present: string }) {
  const one = graph.constant(BigInt64Array.of(1n), [1]);
  const zero = graph.constant(BigInt64Array.of(0n), [1]);
  const sums = graph.node('ReduceSum', [present, one], { keepdims: 1 });
  const counts = graph.node('Max', [sums, graph.constant(Float32Array.of(1), [])]);
  const longest = graph.node('ReduceMax', [counts], { axes: [0, 1], keepdims: 0 });
  const end = graph.node('Reshape', [graph.node('Cast', [longest], { to: 7 }), one]);
  const first = (values: string) => graph.node('Slice', [values, zero, end, one]);
  return { ids: first(ids), present: first(present), counts };
}

/** [span × width, width], by place, channel read and channel given → [given, read, place]. */
function filterOf(graph: GraphBuilder, { outputs, kernel, bias }: Layer, span: number): string[] {
  const width = kernel.length / span / outputs;
  const filter = new Float32Array(kernel.length);
  for (let place = 0; place < span; place++)
    for (let from = 0; from < width; from++)
      for (let to = 0; to < outputs; to++)
        filter[(to * width + from) * span + place] = kernel[
          (place * width + from) * outputs + to
        ] as number;
  return [
    graph.constant(filter, [outputs, width, span]),
    graph.constant(bias as Float32Array, [outputs]),
  ];
}
