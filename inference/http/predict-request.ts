import type { IncomingMessage } from 'node:http';
import {
  batchQuestionSchema,
  predictLimits,
  predictRequestSchema,
} from '@shelfwise/inference-contract';
import type { Item } from '../engine/item.ts';
import { type Lease, readBody } from './body.ts';
import { check, refuseOtherThan } from './input.ts';
import { parseJson } from './json.ts';
import { readMultipart } from './multipart.ts';
import { Problem } from './problems.ts';

export interface PredictQuestion {
  item: Item;
  /** How many classes to answer. */
  top: number;
  /** Whether the answer is to be explained. */
  explain: boolean;
}

/** Reads `POST /v1/predict`, multipart or JSON. Throws a Problem that names the part. */
export async function readPredictRequest(
  request: IncomingMessage,
  lease: Lease,
): Promise<PredictQuestion> {
  const type = refuseOtherThan(request, ['multipart/form-data', 'application/json']);
  if (type === 'multipart/form-data') {
    const parts = await readMultipart(request, {
      texts: ['designation', 'description', 'top', 'explain'],
      limitBytes: predictLimits.bodyBytes,
      lease,
    });
    return question({
      ...parts,
      top: parts.top === undefined ? undefined : wholeNumber(parts.top),
      explain: parts.explain === undefined ? undefined : yesOrNo(parts.explain),
    });
  }
  const body = await readBody(request, predictLimits.bodyBytes, lease);
  return question(fromJson(parseJson(body), predictRequestSchema));
}

/** The question that a line of a batch asks. Throws a Problem that names the field. */
export function questionOf(document: unknown): PredictQuestion {
  return question(fromJson(document, batchQuestionSchema));
}

interface Given {
  designation?: string | null | undefined;
  description?: string | null | undefined;
  image?: Uint8Array | null | undefined;
  top?: number | null | undefined;
  explain?: boolean | null | undefined;
}

/** What is asked of a product's parts. Throws a Problem that names the part. */
export function question({
  designation,
  description,
  image,
  top,
  explain,
}: Given): PredictQuestion {
  const item: Item = {
    designation: text('designation', designation, predictLimits.designationCharacters),
    description: text('description', description, predictLimits.descriptionCharacters),
    picture: image ?? null,
  };
  if (item.picture?.byteLength === 0) {
    throw new Problem('unusable-part', 'The image is empty: send a JPEG, PNG or WebP file.', {
      part: 'image',
    });
  }
  if (item.designation === null && item.description === null && item.picture === null) {
    const detail = 'Nothing to classify: send at least one of designation, description and image.';
    throw new Problem('nothing-to-classify', detail, { part: 'body' });
  }
  return { item, top: count(top), explain: explain ?? false };
}

/** Blank text counts as none. */
function text(part: string, value: string | null | undefined, limit: number): string | null {
  if (value === null || value === undefined || value.trim() === '') return null;
  if (value.length > limit) {
    const detail = `The ${part} has ${value.length} characters, more than the ${limit} that are taken: shorten it.`;
    throw new Problem('unusable-part', detail, { part });
  }
  return value;
}

function count(top: number | null | undefined): number {
  if (top === null || top === undefined) return predictLimits.topDefault;
  if (Number.isInteger(top) && top >= 1 && top <= predictLimits.topMaximum) return top;
  throw new Problem(
    'unusable-part',
    `top must be a whole number from 1 to ${predictLimits.topMaximum}.`,
    { part: 'top' },
  );
}

function wholeNumber(value: string): number {
  return /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
}

function yesOrNo(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new Problem('unusable-part', 'explain must be true or false.', { part: 'explain' });
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function fromJson(
  value: unknown,
  schema: typeof predictRequestSchema | typeof batchQuestionSchema,
): Given {
  const { image, ...rest } = check(schema, value, 'body');
  if (image === null || image === undefined) return rest;
  return { ...rest, image: fromBase64(image) };
}

/** The bytes of an image that was written in base64. Node's own reader would leave out what is none. */
export function fromBase64(image: string): Buffer {
  if (image.length % 4 === 0 && base64.test(image)) return Buffer.from(image, 'base64');
  const detail = 'The image is not base64: send the bytes of the file in base64.';
  throw new Problem('unusable-part', detail, { part: 'image' });
}
