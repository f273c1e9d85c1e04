import type { Readable } from 'node:stream';
import { StepError } from './messages.ts';
import { type Patience, usualPatience } from './s3-retry.ts';
import { openFileStore } from './store-file.ts';
import { openS3Store } from './store-s3.ts';
import type { StoreSettings } from './store-settings.ts';

/** A place for objects below one root: a bucket's prefix, or a folder. Keys have no leading slash. */
export interface Store {
  readonly url: string;
  /** The whole object. Throws StoreNotFound, StoreUnreachable, or BadData past `limitBytes` (64 MiB unless told). */
  read(key: string, limitBytes?: number): Promise<Buffer>;
  /** Streams the object into a file and hashes it on the way. `sha256` has its prefix. */
  readToFile(key: string, path: string): Promise<{ sha256: string; size: number }>;
  stream(key: string): Promise<Readable>;
  /**
   * Writes an object, all of it or nothing. With `ifNoneMatch` an object that is already there is
   * left alone and StoreConflict is thrown.
   */
  write(key: string, body: Buffer | { path: string }, options?: WriteOptions): Promise<void>;
  stat(key: string): Promise<{ size: number } | undefined>;
  /** Objects whose key begins with `prefix`, in no stated order. */
  list(prefix: string): AsyncIterable<{ key: string; size: number }>;
  /** Removes an object; one that is not there is no error. */
  remove(key: string): Promise<void>;
}

export interface WriteOptions {
  ifNoneMatch?: true;
  contentType?: string;
}

/** Opens `s3://BUCKET/PREFIX` or `file:///ABSOLUTE/DIR`. Nothing is contacted yet. `patience` is for how long S3 is hoped for. */
export function openStore(
  url: string,
  settings: StoreSettings,
  patience: Patience = usualPatience,
): Store {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 's3:' && parsed.hostname) return openS3Store(parsed, settings, patience);
  if (parsed?.protocol === 'file:' && parsed.hostname === '') return openFileStore(parsed);
  throw new StepError(
    'BadConfiguration',
    `The address ${JSON.stringify(url)} is none of a store: write s3://BUCKET/PREFIX or file:///ABSOLUTE/FOLDER.`,
  );
}
