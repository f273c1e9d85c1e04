import type { IncomingMessage } from 'node:http';
import { predictLimits } from '@shelfwise/inference-contract';
import type { Item } from '../engine/item.ts';
import { type Lease, readBody } from '../http/body.ts';
import { check } from '../http/input.ts';
import { parseJson } from '../http/json.ts';
import { fromBase64, question } from '../http/predict-request.ts';
import { Problem } from '../http/problems.ts';
import { readBytes } from './bytes.ts';
import { ofProduct } from './of-product.ts';
import { type InferRequest, inferRequestSchema, mostProducts } from './schemas.ts';
import { type InputName, inputNames } from './tensors.ts';

export interface InferQuestion {
  request: InferRequest;
  items: Item[];
}

type Tensor = InferRequest['inputs'][number];

/**
 * Reads an inference request: JSON alone, or JSON of as many bytes as the header Inference-Header-Content-Length says and the
 * tensors' bytes behind it (the extension "binary tensor data"). Throws a Problem that names the tensor.
 */
export async function readInferRequest(
  request: IncomingMessage,
  lease: Lease,
): Promise<InferQuestion> {
  const body = await readBody(request, predictLimits.bodyBytes, lease);
  const headerBytes = headerLength(request, body);
  const document = parseJson(body.subarray(0, headerBytes));
  const asked = check(inferRequestSchema, document, 'body');
  const tensors = readTensors(asked.inputs, body.subarray(headerBytes));
  const count = Math.max(...[...tensors.values()].map((elements) => elements.length));
  const items = Array.from({ length: count }, (_, i) => itemAt(tensors, i));
  return { request: asked, items };
}

const lengthHeader = 'Inference-Header-Content-Length';

function headerLength({ headers }: IncomingMessage, body: Buffer): number {
  const given = headers[lengthHeader.toLowerCase()];
  if (given === undefined) return body.length;
  const length = typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : -1;
  if (length >= 0 && length <= body.length) return length;
  const detail = `${lengthHeader} must be the number of bytes of the JSON at the beginning of the body, which has ${body.length} in all.`;
  throw new Problem('bad-request', detail, { part: lengthHeader });
}

/** The elements of each input: text or bytes. */
function readTensors(inputs: readonly Tensor[], binary: Buffer): Map<InputName, Element[]> {
  const tensors = new Map<InputName, Element[]>();
  let at = 0;
  for (const tensor of inputs) {
    const name = inputName(tensor.name);
    if (tensors.has(name)) {
      throw new Problem('duplicate-part', `The input ${name} is there more than once.`, {
        part: name,
      });
    }
    const count = countOf(tensor, name);
    const size = tensor.parameters?.binary_data_size;
    if (size === undefined) {
      tensors.set(name, elementsOf(tensor, count, name));
      continue;
    }
    if (
      typeof size !== 'number' ||
      !Number.isInteger(size) ||
      size < 0 ||
      at + size > binary.length
    )
      throw unusable(
        name,
        `binary_data_size must be the number of its bytes behind the JSON, where ${binary.length - at} are left`,
      );
    tensors.set(name, readBytes(binary.subarray(at, at + size), count, name));
    at += size;
  }
  if (at !== binary.length) {
    const detail = `Behind the JSON are ${binary.length - at} bytes that belong to no input.`;
    throw new Problem('bad-request', detail, { part: 'body' });
  }
  const counts = new Set([...tensors.values()].map((elements) => elements.length));
  if (counts.size > 1) {
    const detail = `The inputs must all be of as many products: they are of ${[...counts].join(' and ')}.`;
    throw new Problem('unusable-part', detail, { part: 'inputs' });
  }
  return tensors;
}

type Element = string | Buffer;

function inputName(name: string): InputName {
  if ((inputNames as readonly string[]).includes(name)) return name as InputName;
  const detail = `The input ${JSON.stringify(name.slice(0, 64))} is not known: send ${inputNames.join(', ')}.`;
  throw new Problem('unknown-part', detail, { part: name.slice(0, 64) });
}

/** The number of products in a tensor of shape [N] or [N, 1]. */
function countOf({ datatype, shape }: Tensor, name: InputName): number {
  if (datatype !== 'BYTES')
    throw unusable(name, `its datatype must be BYTES, not ${datatype.slice(0, 20)}`);
  const [count = 0, width = 1] = shape;
  if (width !== 1 || count < 1 || count > mostProducts)
    throw unusable(
      name,
      `its shape must be [N] or [N, 1] with N from 1 to ${mostProducts}, not [${shape.join(', ')}]`,
    );
  return count;
}

function elementsOf({ data }: Tensor, count: number, name: InputName): Element[] {
  if (!data) throw unusable(name, 'it has neither data nor a binary_data_size');
  const flat = data.flat();
  if (flat.length !== count)
    throw unusable(name, `its shape says ${count} elements, and its data hold ${flat.length}`);
  return flat.map((element) => {
    if (typeof element === 'string') return element;
    throw unusable(name, 'its data must be strings (an image in base64)');
  });
}

function itemAt(tensors: ReadonlyMap<InputName, Element[]>, i: number): Item {
  try {
    return question({
      designation: textOf(tensors.get('designation')?.[i], 'designation'),
      description: textOf(tensors.get('description')?.[i], 'description'),
      image: imageOf(tensors.get('image')?.[i]),
    }).item;
  } catch (error) {
    throw ofProduct(error, i);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(element: Element | undefined, name: InputName): string | undefined {
  if (element === undefined || typeof element === 'string') return element;
  try {
    return utf8.decode(element);
  } catch {
    throw unusable(name, 'it is not text in UTF-8');
  }
}

/** An element of no bytes stands for no picture. */
function imageOf(element: Element | undefined): Uint8Array | undefined {
  if (element === undefined || element.length === 0) return undefined;
  if (typeof element !== 'string') return new Uint8Array(element);
  return fromBase64(element);
}

function unusable(name: InputName, why: string): Problem {
  return new Problem('unusable-part', `The input ${name} cannot be used: ${why}.`, { part: name });
}
