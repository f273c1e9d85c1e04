import type { Scalar, Tensor } from '@tensorflow/tfjs-node';
import { partOf, type TensorFlow } from './tensorflow.ts';

interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

/** tfjs-node's own: tfjs has no tensors of int64. */
interface Int64 {
  readonly dtype: string;
}
interface Int64Module {
  Int64Scalar: new (value: number) => Int64;
}
type Input = Tensor | Int64;

interface Backend {
  binding: Record<`TF_ATTR_${'BOOL' | 'FLOAT' | 'STRING' | 'TYPE' | 'SHAPE'}` | 'TF_FLOAT', number>;
  executeMultipleOutputs(
    name: string,
    attributes: Attribute[],
    inputs: Input[],
    outputs: number,
  ): Tensor[];
}

/** Kernels of TensorFlow that tfjs has no function for, by their names in its C interface; float32 alone. */
export function kernelsOf(tf: TensorFlow) {
  const backend = tf.backend() as unknown as Backend;
  const { binding } = backend;
  const type = (name: string) => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT });
  const run = (name: string, attributes: Attribute[], inputs: Input[], outputs: number) =>
    backend.executeMultipleOutputs(name, attributes, inputs, outputs);
  const text = (name: string, value: string) => ({
    ...{ name, type: binding.TF_ATTR_STRING },
    value,
  });
  const flag = (name: string, value: boolean) => ({ name, type: binding.TF_ATTR_BOOL, value });
  const kernels = {
    type,
    text,
    float: (name: string, value: number) => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    /** A number that a kernel wants as int64. */
    int64: (value: number): Int64 =>
      new (partOf<Int64Module>(tf, 'dist/int64_tensors').Int64Scalar)(value),
    flag,
    run,
    /** Half the sum of squares, in one pass and without an array of them. */
    halfSquares(tensor: Tensor): Scalar {
      return run('L2Loss', [type('T')], [tensor], 1)[0] as Scalar;
    },
    /** `target` + factor × `other`, in the memory of `target`, which is gone. */
    addScaled<T extends Tensor>(target: T, factor: number, other: T): T {
      const handle = kernels.variable('add-scaled', target);
      target.dispose();
      const rate = tf.scalar(-factor);
      const attributes = [type('T'), flag('use_locking', false)];
      run('ResourceApplyGradientDescent', attributes, [handle, rate, other], 0);
      rate.dispose();
      return kernels.release(handle) as T;
    },
    /** A handle to a variable that holds this very tensor, not a copy of it. */
    variable(name: string, tensor: Tensor): Tensor {
      const shape = { name: 'shape', type: binding.TF_ATTR_SHAPE, value: tensor.shape };
      const names = [text('container', ''), text('shared_name', name)];
      const [handle] = run('VarHandleOp', [...names, type('dtype'), shape], [], 1) as [Tensor];
      run('AssignVariableOp', [type('dtype')], [handle, tensor], 0);
      return handle;
    },
    /** The tensor that a variable holds; the variable and its handle are gone. */
    release(handle: Tensor): Tensor {
      const [tensor] = run('ReadVariableOp', [type('dtype')], [handle], 1) as [Tensor];
      run('DestroyResourceOp', [], [handle], 0);
      handle.dispose();
      return tensor;
    },
  };
  return kernels;
}
