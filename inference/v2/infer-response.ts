import type { Prediction } from '../engine/item.ts';
import { best, type Served } from '../http/predict-response.ts';
import { Problem } from '../http/problems.ts';
import { writeBytes, writeFloats } from './bytes.ts';
import type { ModelName } from './model.ts';
import type { InferRequest, InferResponse } from './schemas.ts';
import { type OutputName, outputNames, usualOutputs } from './tensors.ts';

export interface WantedOutput {
  name: OutputName;
  binary: boolean;
}

/** The outputs that a request asks for, and in which form. Throws a Problem for one that there is not. */
export function wantedOutputs({ outputs, parameters }: InferRequest): WantedOutput[] {
  const byDefault = parameters?.binary_data_output === true;
  if (!outputs || outputs.length === 0)
    return usualOutputs.map((name) => ({ name, binary: byDefault }));
  return outputs.map(({ name, parameters: own }) => {
    if (!(outputNames as readonly string[]).includes(name)) {
      const detail = `The output ${JSON.stringify(name.slice(0, 64))} is not known: ask for ${outputNames.join(', ')}.`;
      throw new Problem('unknown-part', detail, { part: 'outputs' });
    }
    if (own?.classification !== undefined && own.classification !== 0) {
      const detail = `The output ${name} does not come as a classification: ask for label, or for probabilities and classes.`;
      throw new Problem('unusable-part', detail, { part: 'outputs' });
    }
    const binary = typeof own?.binary_data === 'boolean' ? own.binary_data : byDefault;
    return { name: name as OutputName, binary };
  });
}

/** The answer's JSON, and the bytes of the outputs that are wanted in binary form, in their order. */
export function inferResponse(
  predictions: readonly Prediction[],
  asked: {
    id: string | undefined;
    outputs: readonly WantedOutput[];
    served: Served;
    model: ModelName;
  },
): { document: InferResponse; binary: Buffer[] } {
  const { id, outputs, served, model } = asked;
  const binary: Buffer[] = [];
  const document: InferResponse = {
    model_name: model.name,
    model_version: model.version,
    ...(id !== undefined && { id }),
    parameters: { release: served.release, digest: served.digest },
    outputs: outputs.map((wanted) => {
      const { shape, datatype, values } = tensorOf(wanted.name, predictions, served);
      const head = { name: wanted.name, shape, datatype };
      if (!wanted.binary) return { ...head, data: values.list() };
      const bytes = values.bytes();
      binary.push(bytes);
      return { ...head, parameters: { binary_data_size: bytes.length } };
    }),
  };
  return { document, binary };
}

function tensorOf(name: OutputName, predictions: readonly Prediction[], { classes }: Served) {
  const count = predictions.length;
  if (name === 'probabilities') {
    const rows = predictions.map(({ combined }) => combined);
    return {
      shape: [count, classes.length],
      datatype: 'FP32',
      values: { list: () => rows.flatMap((row) => [...row]), bytes: () => writeFloats(rows) },
    };
  }
  const words =
    name === 'classes'
      ? classes
      : predictions.map(({ combined }) => best(combined, classes, 1)[0]?.class ?? '');
  return {
    shape: [words.length],
    datatype: 'BYTES',
    values: { list: () => words, bytes: () => writeBytes(words) },
  };
}
