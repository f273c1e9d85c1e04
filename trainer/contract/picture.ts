import sharp from 'sharp';

/** A picture that is not decoded, and why, as a sentence a person can act on. */
export class PictureError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'PictureError';
  }
}

/** Enough for any camera's 25 megapixels, and refused in milliseconds beyond: a 16,000² PNG of a few KB would take 140 MiB. */
const maximumPixels = 25e6;

// Decoded pictures are not asked for twice; the cache would only hold memory.
sharp.cache(false);

/** Raised whenever decodePicture gives other pixels than before: what was computed from those then counts no more. */
export const pictureRules = 1;

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
export async function decodePicture(bytes: Buffer, size: number): Promise<Uint8Array> {
  if (bytes.length === 0) throw new PictureError('The picture is empty.');
  if (!pictureFormat(bytes)) {
    throw new PictureError('The picture is none of JPEG, PNG and WebP by its first bytes.');
  }
  try {
    return await sharp(bytes, { limitInputPixels: maximumPixels, failOn: 'warning', pages: 1 })
      .autoOrient()
      .resize(size, size, { fit: 'contain', background: 'white' })
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch (cause) {
    throw new PictureError(sentence(cause as Error), { cause });
  }
}

function sentence(cause: Error): string {
  if (/pixel limit/i.test(cause.message)) {
    return `The picture has more than ${maximumPixels / 1e6} million pixels.`;
  }
  const [first = 'unknown reason'] = cause.message.split('\n');
  return `The picture cannot be decoded: ${first.replace(/\.$/, '')}.`;
}
