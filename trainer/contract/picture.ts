import { locks } from 'node:worker_threads';
import sharp, { type Sharp } from 'sharp';
import { jpegAddon } from './jpeg/binding.ts';

/** A picture that is not decoded, and why, as a sentence a person can act on. */
export class PictureError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'PictureError';
  }
}

/** Enough for any camera's 25 megapixels, and refused in milliseconds beyond: a 16,000² PNG of a few KB would take 140 MiB. */
const maximumPixels = 25e6;

/**
 * What libvips may hold of a picture that it cannot read row by row: all of 25 million pixels at 4 bytes each. 189 KiB of an
 * interlaced PNG of 16 bits a channel would else take 200 MB.
 */
const maximumHeldBytes = 100e6;

/** Beyond this much, one picture at a time in the process; libuv's four threads decode four of those below at once. */
const alongsideBytes = 16e6;

// Decoded pictures are not asked for twice; the cache would only hold memory.
sharp.cache(false);

/** Raised whenever decodePicture gives other pixels than before, or none: what was computed from those then counts no more. */
export const pictureRules = 3;

/**
 * What may turn JPEGs into pixels; a model is served with the one it was trained with, since each gives other pixels.
 * `libjpeg-turbo` decodes no more of a picture than is wanted, in a sixth of the time that `libvips` takes.
 * PNG, WebP and JPEGs in CMYK are libvips' either way.
 */
export const pictureDecoders = ['libvips', 'libjpeg-turbo'] as const;
export type PictureDecoder = (typeof pictureDecoders)[number];

/** What trainings use. */
export const currentDecoder: PictureDecoder = 'libjpeg-turbo';

/** The libraries behind decodePicture: pixels are the same to the last bit where these are. */
export function decoderVersions(): Record<string, string | undefined> {
  return { ...sharp.versions, 'libjpeg-turbo': jpegAddon().version };
}

export type PictureFormat = 'jpeg' | 'png' | 'webp';

/** The format by its first bytes; undefined for anything else, SVG among it. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const text = (from: number, to: number) =>
    Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (text(0, 3) === '\xff\xd8\xff') return 'jpeg';
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp';
  return undefined;
}

/**
 * Decodes a JPEG, PNG or WebP into `size` × `size` × 3 bytes, RGB, row by row: turned as EXIF says,
 * CMYK and grey converted, transparency and the margins of what is not square filled with white,
 * the first frame of an animation. The same in training and serving: other decoders give other
 * pixels. Throws PictureError.
 */
export async function decodePicture(
  bytes: Uint8Array,
  size: number,
  decoder: PictureDecoder = currentDecoder,
): Promise<Uint8Array> {
  if (bytes.length === 0) throw new PictureError('The picture is empty.');
  const format = pictureFormat(bytes);
  if (!format) {
    throw new PictureError('The picture is none of JPEG, PNG and WebP by its first bytes.');
  }
  if (format === 'jpeg' && decoder === 'libjpeg-turbo') {
    const pixels = decodeJpeg(bytes, size);
    if (pixels) return pixels;
  }
  return decodeByLibvips(bytes, size);
}

/** In this thread, at once. Undefined for CMYK. */
function decodeJpeg(bytes: Uint8Array, size: number): Uint8Array | undefined {
  const pixels = new Uint8Array(size * size * 3);
  const problem = jpegAddon().decode(bytes, size, maximumPixels, pixels);
  if (problem === undefined) return pixels;
  if (problem === 'another kind') return undefined;
  throw new PictureError(problem === 'too many pixels' ? tooManyPixels : undecodable(problem));
}

async function decodeByLibvips(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  try {
    const picture = sharp(bytes, {
      limitInputPixels: maximumPixels,
      failOn: 'warning',
      pages: 1,
    });
    const held = isReadByRow(bytes) ? 0 : await heldBytes(picture);
    if (held > maximumHeldBytes) throw new PictureError(tooManyBytes(held));
    const decode = () =>
      picture
        .autoOrient()
        .resize(size, size, { fit: 'contain', background: 'white' })
        .flatten({ background: 'white' })
        .toColourspace('srgb')
        .raw({ depth: 'uchar' })
        .toBuffer();
    if (held <= alongsideBytes) return await decode();
    return await locks.request('a large picture is decoded', decode);
  } catch (cause) {
    if (cause instanceof PictureError) throw cause;
    const [first = 'unknown reason'] = (cause as Error).message.split('\n');
    const sentence = /pixel limit/i.test(first) ? tooManyPixels : undecodable(first);
    throw new PictureError(sentence, { cause });
  }
}

/** Most PNGs: their first chunk, IHDR, says at byte 28 that they are not interlaced. Spares them the reading of metadata. */
function isReadByRow(bytes: Uint8Array): boolean {
  return pictureFormat(bytes) === 'png' && bytes[28] === 0;
}

/** Bytes of the decoded picture where libvips holds it whole, else 0. */
async function heldBytes(picture: Sharp): Promise<number> {
  const { width, height, channels, depth, format, isProgressive } = await picture.metadata();
  if (!isProgressive && format !== 'webp') return 0;
  return width * height * channels * (depth === 'ushort' ? 2 : 1);
}

const tooManyPixels = `The picture has more than ${maximumPixels / 1e6} million pixels.`;

const tooManyBytes = (held: number) =>
  `The picture takes ${Math.ceil(held / 1e6)} MB while it is decoded, more than the ${maximumHeldBytes / 1e6} MB that are taken: save it without interlacing, or smaller.`;

const undecodable = (reason: string) =>
  `The picture cannot be decoded: ${reason.replace(/\.$/, '')}.`;
