import type { IncomingMessage } from 'node:http';
import { predictLimits } from '@shelfwise/inference-contract';
import { type Lease, readBody } from './body.ts';
import { FormError, formParts } from './form.ts';
import { Problem } from './problems.ts';

/** What a form held, as it came: text parts by name, and the image. */
export type FormParts<Name extends string> = { [name in Name]?: string } & { image?: Uint8Array };

export interface FormSettings<Name extends string> {
  /** Names of the text parts that are taken, besides the file `image`. */
  texts: readonly Name[];
  limitBytes: number;
  lease: Lease;
}

/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const textBytes = predictLimits.descriptionCharacters * 3;

/**
 * Reads multipart/form-data. The image is a view on the whole body, in a buffer of its own: that can be given to a worker
 * without a copy. Throws a Problem naming the part.
 */
export async function readMultipart<Name extends string>(
  request: IncomingMessage,
  { texts, limitBytes, lease }: FormSettings<Name>,
): Promise<FormParts<Name>> {
  const body = await readBody(request, limitBytes, lease);
  const found: Record<string, string | Uint8Array> = {};
  try {
    for (const { name, isFile, content } of formParts(
      body,
      request.headers['content-type'] ?? '',
    )) {
      const isText = (texts as readonly string[]).includes(name);
      if (!isText && name !== 'image') throw unknownPart(name, texts);
      if (isText && isFile) throw notText(name);
      if (!isText && !isFile) throw notAFile();
      if (Object.hasOwn(found, name)) throw duplicate(name);
      if (isText && content.length > textBytes) throw tooLong(name);
      found[name] = isText ? textOf(name, content) : content;
    }
  } catch (error) {
    throw error instanceof FormError ? malformed(error) : error;
  }
  return found as FormParts<Name>;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes that are no UTF-8 are refused: what took their place would be classified in silence. */
function textOf(name: string, content: Buffer): string {
  try {
    return utf8.decode(content);
  } catch (cause) {
    throw new Problem('bad-request', `The part ${name} is not UTF-8: encode it so.`, {
      part: name,
      cause,
    });
  }
}

const quoted = (name: string) => JSON.stringify(name.slice(0, 64));

const unknownPart = (name: string, texts: readonly string[]) =>
  new Problem(
    'unknown-part',
    `The part ${quoted(name)} is not known: send ${texts.join(', ')} or image.`,
    { part: name.slice(0, 64) },
  );

const duplicate = (name: string) =>
  new Problem('duplicate-part', `The part ${name} is there more than once: send it once.`, {
    part: name,
  });

const notAFile = () =>
  new Problem('bad-request', 'The part image is no file: send it with a file name.', {
    part: 'image',
  });

const notText = (name: string) =>
  new Problem(
    'bad-request',
    `The part ${name} is a file: send it as a plain field, without a file name.`,
    { part: name },
  );

const tooLong = (name: string) =>
  new Problem('unusable-part', `The part ${name} is longer than the service takes.`, {
    part: name,
  });

const malformed = (cause: unknown) =>
  new Problem(
    'bad-request',
    `The body is no complete multipart/form-data: ${(cause as Error).message}.`,
    { part: 'body', cause },
  );
