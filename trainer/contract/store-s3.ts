import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { createS3Client } from './s3-client.ts';
import { download } from './s3-download.ts';
import { explainS3 } from './s3-errors.ts';
import { retried, usualPatience } from './s3-retry.ts';
import type { Store } from './store.ts';
import { StoreBadKey, StoreConflict, StoreNotFound, StoreTooLarge } from './store-errors.ts';
import type { StoreSettings } from './store-settings.ts';

const usualLimitBytes = 64 * 2 ** 20;
/** Of S3 itself; other servers have no higher limit. */
const longestKeyBytes = 1024;

/** `s3://BUCKET/PREFIX` as a Store. */
export function openS3Store(
  address: URL,
  settings: StoreSettings,
  patience = usualPatience,
): Store {
  const client = createS3Client(settings, patience);
  const url = address.href.replace(/\/$/, '');
  const bucket = address.hostname;
  const prefix = decodeURIComponent(address.pathname).replace(/^\/+|\/+$/g, '');
  const root = prefix && `${prefix}/`;
  const endpoint = settings.endpoint ?? `S3 in ${settings.region}`;
  function place(key: string): { Bucket: string; Key: string } {
    const whole = `${root}${key}`;
    // On the way to a server such parts are resolved, or not, and the signature is then one of another key.
    const strange = key.split('/').some((part) => part === '.' || part === '..');
    if (strange || Buffer.byteLength(whole) > longestKeyBytes) throw new StoreBadKey(url, key);
    return { Bucket: bucket, Key: whole };
  }
  const explain = (error: unknown, verb: string, key: string) =>
    explainS3(error, { verb, key, url, bucket, endpoint });

  async function* chunks(key: string): AsyncGenerator<Buffer> {
    try {
      yield* download(client, place(key), patience);
    } catch (error) {
      throw explain(error, 'read', key);
    }
  }

  async function hashed(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    const hash = createHash('sha256');
    for await (const chunk of body) hash.update(chunk);
    return hash.digest('base64');
  }

  /** After an answer was lost, a second attempt finds the object of the first. That is no conflict. */
  async function isOurOwn(key: string, checksum: string, attempt: number) {
    return attempt > 1 && (await hashed(chunks(key))) === checksum;
  }

  const store: Store = {
    url,

    async read(key, limitBytes = usualLimitBytes) {
      const found: Buffer[] = [];
      let size = 0;
      for await (const chunk of chunks(key)) {
        size += chunk.length;
        if (size > limitBytes) throw new StoreTooLarge(url, key, limitBytes);
        found.push(chunk);
      }
      return Buffer.concat(found);
    },

    async readToFile(key, path) {
      const hash = createHash('sha256');
      let size = 0;
      async function* counted() {
        for await (const chunk of chunks(key)) {
          hash.update(chunk);
          size += chunk.length;
          yield chunk;
        }
      }
      await pipeline(counted, createWriteStream(path));
      return { sha256: `sha256:${hash.digest('hex')}`, size };
    },

    async stream(key) {
      const body = chunks(key);
      // The first chunk now, so that a missing object is told here and not in the middle of a pipeline.
      const first = await body.next();
      async function* all() {
        if (!first.done) yield first.value;
        yield* body;
      }
      return Readable.from(all(), { objectMode: false });
    },

    async write(key, body, options = {}) {
      const open = () => ('path' in body ? createReadStream(body.path) : body);
      const size = 'path' in body ? (await stat(body.path)).size : body.length;
      const checksum = await hashed('path' in body ? createReadStream(body.path) : [body]);
      try {
        await retried(patience, async (attempt) => {
          const put = new PutObjectCommand({
            ...place(key),
            Body: open(),
            ContentLength: size,
            ChecksumSHA256: checksum,
            ContentType: options.contentType ?? 'application/octet-stream',
            ...(options.ifNoneMatch && { IfNoneMatch: '*' }),
          });
          try {
            await client.send(put);
          } catch (error) {
            const isConflict = explain(error, 'write', key) instanceof StoreConflict;
            if (!isConflict || !(await isOurOwn(key, checksum, attempt))) throw error;
          }
        });
      } catch (error) {
        throw explain(error, 'write', key);
      }
    },

    async stat(key) {
      try {
        const head = await retried(patience, () => client.send(new HeadObjectCommand(place(key))));
        return { size: head.ContentLength ?? 0 };
      } catch (error) {
        const reason = explain(error, 'look at', key);
        if (reason instanceof StoreNotFound) return undefined;
        throw reason;
      }
    },

    async *list(keyPrefix) {
      let after: string | undefined;
      try {
        do {
          const query = { Bucket: bucket, Prefix: `${root}${keyPrefix}`, ContinuationToken: after };
          const page = await retried(patience, () => client.send(new ListObjectsV2Command(query)));
          for (const { Key, Size } of page.Contents ?? []) {
            if (Key) yield { key: Key.slice(root.length), size: Size ?? 0 };
          }
          after = page.NextContinuationToken;
        } while (after !== undefined);
      } catch (error) {
        throw explain(error, 'list', keyPrefix);
      }
    },

    async remove(key) {
      try {
        await retried(patience, () => client.send(new DeleteObjectCommand(place(key))));
      } catch (error) {
        throw explain(error, 'remove', key);
      }
    },
  };
  return store;
}
