import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hope, type Patience } from './s3-retry.ts';

/**
 * The object's bytes. A connection that breaks in the middle is taken up again where it broke, as
 * long as the object is still the same one (If-Match).
 */
export async function* download(
  client: S3Client,
  place: { Bucket: string; Key: string },
  patience: Patience,
): AsyncGenerator<Buffer> {
  let offset = 0;
  let etag: string | undefined;
  let size: number | undefined;
  const left = hope(patience);
  for (;;) {
    try {
      const again = offset > 0 && { Range: `bytes=${offset}-`, ...(etag && { IfMatch: etag }) };
      const answer = await client.send(new GetObjectCommand({ ...place, ...again }));
      etag ??= answer.ETag;
      size ??= answer.ContentLength;
      for await (const chunk of answer.Body as AsyncIterable<Buffer>) {
        offset += chunk.length;
        left.progressed();
        yield chunk;
      }
      if (size === undefined || offset === size) return;
      throw new Error(`the connection ended after ${offset} of ${size} bytes`);
    } catch (error) {
      await left.after(error);
    }
  }
}
