import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { predictLimits } from '@shelfwise/inference-contract';
import { feed, type Lease } from './body.ts';
import { Problem } from './problems.ts';

/** What a form held, as it came: text parts by name, and the image. */
export type FormParts<Name extends string> = { [name in Name]?: string } & { image?: Uint8Array };

export interface FormSettings<Name extends string> {
  /** Names of the text parts that are taken, besides the file `image`. */
  texts: readonly Name[];
  limitBytes: number;
  lease: Lease;
}

/** Far more than are known, so that a surplus or doubled part is named rather than counted. */
const mostParts = 16;

/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const textBytes = predictLimits.descriptionCharacters * 3;

/**
 * Reads multipart/form-data as it streams in. The image ends up in a buffer of its own, so that it can be
 * given to a worker without a copy. Throws a Problem naming the part.
 */
export function readMultipart<Name extends string>(
  request: IncomingMessage,
  { texts, limitBytes, lease }: FormSettings<Name>,
): Promise<FormParts<Name>> {
  return new Promise((resolve, reject) => {
    const isText = (name: string): name is Name => (texts as readonly string[]).includes(name);
    const text = new Map<string, string>();
    let image: Uint8Array | undefined;
    const parser = createParser(request);
    let images = 0;
    const reader = {
      chunk: (bytes: Buffer) => void parser.write(bytes),
      end: () => void parser.end(),
    };
    const fail = feed(request, limitBytes, lease, reader, reject);
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (error) {
        fail(error as Error);
      }
    };

    parser.on('field', (name, value, _nameCut, valueCut) => {
      attempt(() => {
        if (name === 'image') throw notAFile();
        if (!isText(name)) throw unknownPart(name, texts);
        if (text.has(name)) throw duplicate(name);
        if (valueCut) throw tooLong(name);
        text.set(name, value);
      });
    });
    parser.on('file', (name, stream) => {
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
      });
      // Nobody listening would end the process: an upload that breaks off inside a file is the caller's fault.
      stream.on('error', (cause) => fail(malformed(cause)));
      stream.on('end', () => {
        if (name === 'image') image ??= joined(chunks, size);
      });
      attempt(() => {
        if (isText(name)) throw notText(name);
        if (name !== 'image') throw unknownPart(name, texts);
        if (++images > 1) throw duplicate(name);
      });
    });
    parser.on('partsLimit', () => fail(tooManyParts(texts)));
    parser.on('fieldsLimit', () => fail(tooManyParts(texts)));
    parser.on('filesLimit', () => fail(tooManyParts(texts)));
    parser.on('error', (cause) => fail(malformed(cause)));
    parser.on('finish', () => {
      resolve({ ...Object.fromEntries(text), ...(image && { image }) } as FormParts<Name>);
    });
  });
}

function createParser(request: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': request.headers['content-type'] ?? '' },
      limits: {
        fieldNameSize: 64,
        fieldSize: textBytes,
        fields: mostParts,
        files: mostParts,
        parts: mostParts,
        headerPairs: 16,
      },
    });
  } catch (cause) {
    throw malformed(cause);
  }
}

function joined(chunks: Buffer[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** `a, b or image` */
const known = (texts: readonly string[]) => `${texts.join(', ')} or image`;

const quoted = (name: string) => JSON.stringify(name.slice(0, 64));

/** The parser's types say otherwise, but a part whose header has no name comes as undefined. */
const unknownPart = (name: string | undefined = '', texts: readonly string[]) =>
  new Problem('unknown-part', `The part ${quoted(name)} is not known: send ${known(texts)}.`, {
    part: name.slice(0, 64),
  });

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

const tooManyParts = (texts: readonly string[]) =>
  new Problem(
    'bad-request',
    `The body has more than ${mostParts} parts: send ${known(texts)}, each at most once.`,
    {
      part: 'body',
    },
  );

const malformed = (cause: unknown) =>
  new Problem(
    'bad-request',
    `The body is no complete multipart/form-data: ${(cause as Error).message}.`,
    { part: 'body', cause },
  );
