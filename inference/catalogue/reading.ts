import type { IncomingMessage } from 'node:http';
import {
  catalogueLimits,
  newProductSchema,
  productContentSchema,
  productPatchSchema,
} from '@shelfwise/inference-contract';
import type * as z from 'zod';
import { type Lease, readBody } from '../http/body.ts';
import { check, refuseOtherThan } from '../http/input.ts';
import { parseJson } from '../http/json.ts';
import { readMultipart } from '../http/multipart.ts';
import { Problem } from '../http/problems.ts';
import type { Content, Patch } from './catalogue.ts';

const form = 'multipart/form-data';
const json = 'application/json';
const mergePatch = 'application/merge-patch+json';

/** `POST /v1/products`. Throws a Problem that names the part. */
export async function readNewProduct(request: IncomingMessage, lease: Lease) {
  const { given, image } = await read(request, lease, newProductSchema, ['id', ...contentParts]);
  const { id, ...content } = given;
  return { id: id ?? undefined, content: contentOf({ ...content, ...image }) };
}

/** `PUT /v1/products/{id}`. */
export async function readContent(request: IncomingMessage, lease: Lease): Promise<Content> {
  const { given, image } = await read(request, lease, productContentSchema, contentParts);
  return contentOf({ ...given, ...image });
}

/** `PATCH /v1/products/{id}`. */
export async function readPatch(request: IncomingMessage, lease: Lease): Promise<Patch> {
  refuseOtherThan(request, [mergePatch, json]);
  const body = parseJson(await readBody(request, catalogueLimits.bodyBytes, lease));
  const given = check(productPatchSchema, body, 'body');
  return {
    ...(given.designation !== undefined && { designation: given.designation }),
    ...(given.description !== undefined && { description: filled(given.description) }),
    ...(given.category !== undefined && { category: given.category }),
    ...(given.image !== undefined && { image: decoded(given.image) }),
  };
}

const contentParts = ['designation', 'description', 'category'] as const;

/** A form's image is bytes, and that of JSON base64; all the rest is one schema's. */
async function read<S extends z.ZodType, Name extends string>(
  request: IncomingMessage,
  lease: Lease,
  schema: S,
  texts: readonly Name[],
): Promise<{ given: z.output<S>; image?: { image: Uint8Array } }> {
  const limitBytes = catalogueLimits.bodyBytes;
  if (refuseOtherThan(request, [form, json]) === json)
    return { given: check(schema, parseJson(await readBody(request, limitBytes, lease)), 'body') };
  const { image, ...parts } = await readMultipart(request, { texts, limitBytes, lease });
  return { given: check(schema, parts, 'body'), ...(image && { image: { image } }) };
}

interface Given {
  designation: string;
  description?: string | null | undefined;
  category?: string | null | undefined;
  image?: Uint8Array | string | null | undefined;
}

/** What a shop says of a product, from JSON or a form. Throws `unusable-part` for an empty image. */
export function contentOf({ designation, description, category, image }: Given): Content {
  return {
    designation,
    description: filled(description),
    category: category ?? null,
    image: decoded(image),
  };
}

/** Blank text counts as none, as it does for predictions. */
function filled(text: string | null | undefined): string | null {
  return text === undefined || text === null || text.trim() === '' ? null : text;
}

function decoded(image: Uint8Array | string | null | undefined): Uint8Array | null {
  if (image === undefined || image === null) return null;
  const bytes = typeof image === 'string' ? Buffer.from(image, 'base64') : image;
  if (bytes.byteLength > 0) return bytes;
  throw new Problem('unusable-part', 'The image is empty: send a JPEG, PNG or WebP file.', {
    part: 'image',
  });
}
