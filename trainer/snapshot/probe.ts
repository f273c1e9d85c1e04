import { createHash } from 'node:crypto';
import {
  decodePicture,
  decoderVersions,
  PictureError,
  pictureFormat,
  pictureLimitBytes,
  pictureRules,
} from '@shelfwise/trainer-contract';
import sharp from 'sharp';
import type { DigestMap } from './digest-map.ts';
import type { PictureFacts } from './product.ts';

/** Decoded small: only whether a picture can be read is asked here. */
const probeSize = 16;

export const tooLarge = `The picture is larger than ${pictureLimitBytes} bytes`;

const { vips, 'libjpeg-turbo': jpeg } = decoderVersions();

/** What a picture was found good by: another version may think otherwise. */
export const pictureProbe = `decodePicture ${pictureRules}, libvips ${vips}, libjpeg-turbo ${jpeg}`;

/**
 * What a picture's file is, read to its last pixel; one whose digest is in `verified` was already, and gets there
 * otherwise. Throws PictureError.
 */
export async function probePicture(bytes: Buffer, verified: DigestMap): Promise<PictureFacts> {
  if (bytes.length > pictureLimitBytes) {
    throw new PictureError(`${tooLarge}.`);
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (verified.get(digest) === undefined) {
    await decodePicture(bytes, probeSize);
    verified.set(digest, 1);
  }
  const format = pictureFormat(bytes);
  if (!format) throw new PictureError('The picture is of no known format.');
  return { digest, format, ...(await sizeOf(bytes)) };
}

/** From the file's head alone. */
async function sizeOf(bytes: Buffer): Promise<{ width: number; height: number }> {
  try {
    const { autoOrient } = await sharp(bytes).metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch (cause) {
    throw new PictureError('The picture has no head that could be read.', { cause });
  }
}
