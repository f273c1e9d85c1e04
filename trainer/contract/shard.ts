import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StepError } from './messages.ts';
import { pictureFormat } from './picture.ts';
import { readTar } from './tar-read.ts';
import type { TarInput } from './tar-write.ts';

/** One labelled product. `picture` holds the bytes of the encoded file. */
export interface Sample {
  id: string;
  designation: string;
  description: string | null;
  class: string;
  picture: Buffer | null;
}

/** A picture beyond this is left out of a snapshot; a shard that holds one is refused. */
export const pictureLimitBytes = 20 * 2 ** 20;

const limits = { entries: 100_000, entryBytes: pictureLimitBytes, totalBytes: 8 * 2 ** 30 };
const fileName = /^([0-9a-f]{32})\.(json|jpg|png|webp)$/;
const extensions = { jpeg: 'jpg', png: 'png', webp: 'webp' } as const;

const recordSchema = z.strictObject({
  id: z.string().min(1),
  designation: z.string(),
  description: z.string().nullable(),
  class: z.string().min(1),
});

/** A product's key: what its files in a shard are called, and what shards and split go by. */
export function sampleKey(id: string): string {
  // Not a slice of the whole digest: that would keep the whole in memory for each of 85,000 products.
  return createHash('sha256').update(id).digest().toString('hex', 0, 16);
}

/** The two files of a product, in the order in which a shard holds them; their names begin with its key. */
export function shardEntries({ picture, ...record }: Sample): TarInput[] {
  const { id, designation, description } = record;
  const key = sampleKey(id);
  const json = Buffer.from(JSON.stringify({ id, designation, description, class: record.class }));
  const entries = [entry(`${key}.json`, json)];
  if (picture) {
    const format = pictureFormat(picture);
    if (!format) throw new TypeError(`The picture of ${id} is of no known format.`);
    entries.push(entry(`${key}.${extensions[format]}`, picture));
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function entry(name: string, bytes: Buffer): TarInput {
  return { name, size: bytes.length, body: [bytes] };
}

/** The products of a shard. Throws BadData where it is not as `shardEntries` wrote it. */
export async function* readShard(
  source: AsyncIterable<Buffer>,
  label: string,
): AsyncGenerator<Sample> {
  let current: { key: string; record?: Buffer; picture?: Buffer } | undefined;
  for await (const { name, body } of readTar(source, { label, limits })) {
    const [, key, extension] = fileName.exec(name) ?? [];
    if (!key) throw new StepError('BadData', `${label}: ${name} is no file of a shard.`);
    if (current && current.key !== key) yield sample(current, label);
    if (current?.key !== key) current = { key };
    current[extension === 'json' ? 'record' : 'picture'] = Buffer.concat(
      await Array.fromAsync(body),
    );
  }
  if (current) yield sample(current, label);
}

function sample(
  { key, record, picture }: { key: string; record?: Buffer; picture?: Buffer },
  label: string,
): Sample {
  const refuse = (what: string) => new StepError('BadData', `${label}: ${key}.json ${what}.`);
  if (!record) throw refuse('is missing');
  let parsed: z.infer<typeof recordSchema>;
  try {
    parsed = recordSchema.parse(JSON.parse(record.toString('utf8')));
  } catch (cause) {
    throw new StepError('BadData', `${label}: ${key}.json is no product.`, { cause });
  }
  if (sampleKey(parsed.id) !== key) throw refuse(`holds the product ${parsed.id} of another key`);
  return { ...parsed, picture: picture ?? null };
}
