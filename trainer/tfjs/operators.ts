import { attribute, type GraphBuilder } from './graph.ts';

/* Operators of TensorFlow that both architectures write down, with the attributes that TensorFlow wants of them. */

export function matMul(graph: GraphBuilder, left: string, right: string): string {
  return graph.node('MatMul', [left, right], {
    transpose_a: attribute.flag(false),
    transpose_b: attribute.flag(false),
  });
}

/** Side by side: [n, a], [n, b] → [n, a + b] */
export function concat(graph: GraphBuilder, parts: readonly string[]): string {
  return graph.node('ConcatV2', [...parts, graph.constant(Int32Array.of(1), [])], {
    N: attribute.integer(parts.length),
  });
}

/** int32 → float32 */
export function toFloats(graph: GraphBuilder, integers: string): string {
  return graph.node('Cast', [integers], {
    SrcT: { type: 'DT_INT32' },
    DstT: { type: 'DT_FLOAT' },
  });
}

/** Padded as TensorFlow's 'same' does; `kernel` is [height, width, in, out], for the depthwise one [height, width, out, 1]. */
export function convolve(
  graph: GraphBuilder,
  operator: 'Conv2D' | 'DepthwiseConv2dNative',
  x: string,
  { kernel, stride }: { kernel: string; stride: number },
): string {
  return graph.node(operator, [x, kernel], {
    strides: attribute.integers([1, stride, stride, 1]),
    dilations: attribute.integers([1, 1, 1, 1]),
    padding: attribute.text('SAME'),
    data_format: attribute.text('NHWC'),
  });
}

/** [n, height, width, channels] → [n, channels] */
export function globalAverages(graph: GraphBuilder, x: string): string {
  return graph.node('Mean', [x, graph.constant(Int32Array.of(1, 2), [2])], {
    keep_dims: attribute.flag(false),
  });
}
