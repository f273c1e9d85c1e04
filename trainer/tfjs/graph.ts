/** One weight or constant of a tfjs graph model. */
interface Weight {
  name: string;
  shape: readonly number[];
  dtype: 'float32' | 'int32';
  values: Float32Array | Int32Array | Uint8Array;
}

export type Attribute =
  | { type: string }
  | { s: string }
  | { b: boolean }
  | { i: string }
  | { list: { i: string[] } };

/** Collects the nodes of a TensorFlow graph for tfjs's own file format (model.json and weights.bin). */
export interface GraphBuilder {
  input(name: string, dtype: string, shape: readonly number[]): string;
  constant(values: Float32Array | Int32Array, shape: readonly number[]): string;
  /** Floats that are whole numbers below 256: bytes in the file, floats once they are loaded. */
  bytes(values: Uint8Array, shape: readonly number[]): string;
  node(
    operator: string,
    inputs: string[],
    attributes?: Record<string, Attribute>,
    name?: string,
  ): string;
  finish(outputs: readonly string[]): { model: object; weights: Buffer };
}

export const attribute = {
  float: { type: 'DT_FLOAT' },
  text: (value: string): Attribute => ({ s: Buffer.from(value).toString('base64') }),
  integers: (values: readonly number[]): Attribute => ({ list: { i: values.map(String) } }),
  integer: (value: number): Attribute => ({ i: String(value) }),
  flag: (value: boolean): Attribute => ({ b: value }),
} as const;

export function createGraph(): GraphBuilder {
  const nodes: object[] = [];
  const weights: Weight[] = [];
  const signature: Record<string, object> = {};
  const add = (dtype: Weight['dtype'], values: Weight['values'], shape: readonly number[]) => {
    const name = `constant_${weights.length}`;
    weights.push({ name, shape, dtype, values });
    const dim = shape.map((size) => ({ size: String(size) }));
    const type = dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32';
    const value = { tensor: { dtype: type, tensorShape: { dim } } };
    nodes.push({ name, op: 'Const', attr: { value, dtype: { type } } });
    return name;
  };
  return {
    input(name, dtype, shape) {
      const dim = shape.map((size) => ({ size: String(size) }));
      const type = dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT';
      nodes.push({ name, op: 'Placeholder', attr: { dtype: { type }, shape: { shape: { dim } } } });
      signature[name] = { name: `${name}:0`, dtype: type, tensorShape: { dim } };
      return name;
    },
    constant: (values, shape) =>
      add(values instanceof Float32Array ? 'float32' : 'int32', values, shape),
    bytes: (values, shape) => add('float32', values, shape),
    node(operator, inputs, attributes = {}, name = `${operator}_${nodes.length}`) {
      const attr = { T: attribute.float, ...attributes };
      nodes.push({ name, op: operator, input: inputs, attr });
      return name;
    },
    finish(outputs) {
      const manifest = weights.map(({ name, shape, dtype, values }) => ({
        name,
        shape,
        dtype,
        ...(values instanceof Uint8Array && { quantization: { dtype: 'uint8', scale: 1, min: 0 } }),
      }));
      const model = {
        format: 'graph-model',
        generatedBy: 'shelfwise',
        convertedBy: null,
        signature: {
          inputs: signature,
          outputs: Object.fromEntries(outputs.map((name) => [name, { name: `${name}:0` }])),
        },
        modelTopology: { node: nodes, library: {}, versions: { producer: 1286 } },
        weightsManifest: [{ paths: ['weights.bin'], weights: manifest }],
      };
      const bytes = weights.map(({ values }) =>
        Buffer.from(values.buffer, values.byteOffset, values.byteLength),
      );
      return { model, weights: Buffer.concat(bytes) };
    },
  };
}
