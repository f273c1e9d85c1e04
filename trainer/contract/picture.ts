/** A picture that is not decoded, and why, as a sentence a person can act on. */
export class PictureError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'PictureError';
  }
}

/** `size` × `size` × 3 bytes, RGB, row by row. Throws PictureError. */
export async function decodePicture(bytes: Buffer, size: number): Promise<Uint8Array> {
  throw new Error(`not written yet ${bytes.length} ${size}`);
}
