import { bytes, float, integer, joined, message, type Pieces } from './protobuf.ts';

/** Element types of ONNX tensors. Source: onnx.proto3, TensorProto.DataType. */
const elementType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof elementType;

export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly graph: Pieces };

export interface Port {
  readonly name: string;
  readonly type: ElementType;
  /** A string names a dimension that is known at run time. */
  readonly shape: readonly (number | string)[];
}

export type Constant = Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** Collects nodes and constants; names of values are made from the names of their nodes. */
export interface GraphBuilder {
  /** Adds a node and returns the name of its output (with `outputs`, use `nodes`). */
  node(operator: string, inputs: string[], attributes?: Record<string, Attribute>): string;
  /** The same for a node with several outputs. */
  nodes(
    operator: string,
    inputs: string[],
    outputs: number,
    attributes?: Record<string, Attribute>,
  ): string[];
  constant(values: Constant, shape: readonly number[]): string;
  /**
   * What one of two graphs gives, of which only that one is computed (If). Either may use values from around it, and gives the
   * name of its result, which is of the port's type and shape.
   *
   * @param condition name of bool []
   */
  either(condition: string, yes: Branch, no: Branch, port: Omit<Port, 'name'>): string;
  /** Gives a value the name of a graph's output. */
  output(value: string, name: string): void;
  /** The whole model as the bytes of a .onnx file. */
  finish(inputs: readonly Port[], outputs: readonly Port[]): Uint8Array;
}

export type Branch = (graph: GraphBuilder) => string;

/** IR 10 goes with opset 21; 8 and 17 are read by every runtime of the last years and hold all we need. */
const irVersion = 8;
const opset = 17;

export function createGraph(name: string): GraphBuilder {
  return builder(name, '').graph;
}

/** `prefix` keeps names of an inner graph apart from those around it, which it sees. */
function builder(name: string, prefix: string) {
  const nodes: Pieces[] = [];
  const initializers: Pieces[] = [];
  const nodesOf: GraphBuilder['nodes'] = (operator, inputs, count, attributes = {}) => {
    const id = `${prefix}${operator}_${nodes.length}`;
    const outputs = Array.from({ length: count }, (_, i) => (count > 1 ? `${id}.${i}` : id));
    nodes.push(bytes(1, nodeProto(id, operator, inputs, outputs, attributes)));
    return outputs;
  };
  const content = (inputs: readonly Port[], outputs: readonly Port[]) =>
    message(
      nodes,
      bytes(2, name),
      initializers,
      inputs.map((port) => bytes(11, valueInfo(port))),
      outputs.map((port) => bytes(12, valueInfo(port))),
    );
  const branch = (which: string, make: Branch, port: Omit<Port, 'name'>): { graph: Pieces } => {
    const inner = builder(which, `${prefix}If_${nodes.length}.${which}.`);
    return { graph: inner.content([], [{ ...port, name: make(inner.graph) }]) };
  };
  const node: GraphBuilder['node'] = (operator, inputs, attributes) =>
    nodesOf(operator, inputs, 1, attributes)[0] as string;
  const graph: GraphBuilder = {
    nodes: nodesOf,
    node,
    either: (condition, yes, no, port) =>
      node('If', [condition], {
        then_branch: branch('then', yes, port),
        else_branch: branch('else', no, port),
      }),
    constant(values, shape) {
      const id = `${prefix}constant_${initializers.length}`;
      const type = elementType[typeOf(values)];
      const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const dims = shape.map((size) => integer(1, size));
      initializers.push(bytes(5, message(dims, integer(2, type), bytes(8, id), bytes(9, raw))));
      return id;
    },
    output(value, as) {
      nodes.push(bytes(1, nodeProto(as, 'Identity', [value], [as], {})));
    },
    finish(inputs, outputs) {
      return joined(
        message(
          integer(1, irVersion),
          bytes(2, 'shelfwise'),
          bytes(7, content(inputs, outputs)),
          bytes(8, message(bytes(1, ''), integer(2, opset))),
        ),
      );
    },
  };
  return { graph, content };
}

function typeOf(values: Constant): ElementType {
  if (values instanceof Float32Array) return 'float';
  if (values instanceof BigInt64Array) return 'int64';
  if (values instanceof Int32Array) return 'int32';
  return values instanceof Int8Array ? 'int8' : 'uint8';
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5. */
function nodeProto(
  name: string,
  operator: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, Attribute>,
): Pieces {
  return message(
    inputs.map((input) => bytes(1, input)),
    outputs.map((output) => bytes(2, output)),
    bytes(3, name),
    bytes(4, operator),
    Object.entries(attributes).map(([key, value]) => bytes(5, attributeProto(key, value))),
  );
}

/** AttributeProto: name 1, f 2, i 3, s 4, g 6, ints 8, type 20 (FLOAT 1, INT 2, STRING 3, GRAPH 5, INTS 7). */
function attributeProto(name: string, value: Attribute): Pieces {
  const key = bytes(1, name);
  if (typeof value === 'number') return message(key, integer(3, value), integer(20, 2));
  if (typeof value === 'string') return message(key, bytes(4, value), integer(20, 3));
  if ('graph' in value) return message(key, bytes(6, value.graph), integer(20, 5));
  if ('float' in value) return message(key, float(2, value.float), integer(20, 1));
  return message(
    key,
    value.map((each) => integer(8, each)),
    integer(20, 7),
  );
}

/** ValueInfoProto: name 1, type 2 → tensor_type 1 → elem_type 1, shape 2 → dim 1 → dim_value 1 or dim_param 2. */
function valueInfo({ name, type, shape }: Port): Pieces {
  const dims = shape.map((size) =>
    bytes(1, typeof size === 'number' ? integer(1, size) : bytes(2, size)),
  );
  const tensor = message(integer(1, elementType[type]), bytes(2, message(dims)));
  return message(bytes(1, name), bytes(2, message(bytes(1, tensor))));
}
