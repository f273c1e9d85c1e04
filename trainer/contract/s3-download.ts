import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isTransient } from './s3-errors.ts';

const attemptsWithoutProgress = 5;

/**
 * The object's bytes. A connection that breaks in the middle is taken up again where it broke, as
 * long as the object is still the same one (If-Match).
 */
export async function* download(
  client: S3Client,
  place: { Bucket: string; Key: string },
): AsyncGenerator<Buffer> {
  let offset = 0;
  let etag: string | undefined;
  let size: number | undefined;
  let failures = 0;
  for (;;) {
    const before = offset;
    try {
      const again = offset > 0 && { Range: `bytes=${offset}-`, ...(etag && { IfMatch: etag }) };
      const answer = await client.send(new GetObjectCommand({ ...place, ...again }));
      etag ??= answer.ETag;
      size ??= answer.ContentLength;
      for await (const chunk of answer.Body as AsyncIterable<Buffer>) {
        offset += chunk.length;
        yield chunk;
      }
      if (size === undefined || offset === size) return;
      throw new Error(`the connection ended after ${offset} of ${size} bytes`);
    } catch (error) {
      failures = offset > before ? 1 : failures + 1;
      if (failures >= attemptsWithoutProgress || !isTransient(error)) throw error;
      await delay(200 * 2 ** failures);
    }
  }
}
