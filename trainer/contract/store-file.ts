import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, link, mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { StepError } from './messages.ts';
import type { Store } from './store.ts';
import {
  StoreBadKey,
  StoreConflict,
  StoreNotFound,
  StoreTooLarge,
  StoreUnreachable,
} from './store-errors.ts';

const usualLimitBytes = 64 * 2 ** 20;
/** Ends the name of a file that is still being written; such a file is no object. */
const unfinished = '.partial';

/** A folder in place of a bucket: for work by hand, and for tests. */
export function openFileStore(address: URL): Store {
  const root = fileURLToPath(address);
  const url = address.href.replace(/\/$/, '');

  function pathOf(key: string): string {
    const strange = key.split('/').some((part) => ['', '.', '..'].includes(part));
    if (strange || key.includes('\0')) throw new StoreBadKey(url, key);
    return join(root, ...key.split('/'));
  }

  async function attempt<T>(verb: string, key: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw explain(error, verb, key, url);
    }
  }

  async function readable(key: string): Promise<Readable> {
    const handle = await open(pathOf(key), 'r');
    if ((await handle.stat()).isFile()) return handle.createReadStream();
    await handle.close();
    throw new StoreNotFound(url, key);
  }

  return {
    url,

    read: (key, limitBytes = usualLimitBytes) =>
      attempt('read', key, async () => {
        const chunks: Buffer[] = [];
        let size = 0;
        for await (const chunk of (await readable(key)) as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > limitBytes) throw new StoreTooLarge(url, key, limitBytes);
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
      }),

    readToFile: (key, path) =>
      attempt('read', key, async () => {
        const hash = createHash('sha256');
        let size = 0;
        await pipeline(
          await readable(key),
          async function* (chunks: AsyncIterable<Buffer>) {
            for await (const chunk of chunks) {
              hash.update(chunk);
              size += chunk.length;
              yield chunk;
            }
          },
          createWriteStream(path),
        );
        return { sha256: `sha256:${hash.digest('hex')}`, size };
      }),

    stream: (key) => attempt('read', key, () => readable(key)),

    write: (key, body, options = {}) =>
      attempt('write', key, async () => {
        const target = pathOf(key);
        await mkdir(dirname(target), { recursive: true });
        const draft = join(dirname(target), `.${basename(target)}.${randomUUID()}${unfinished}`);
        try {
          if ('path' in body) await copyFile(body.path, draft);
          await flush(draft, 'path' in body ? undefined : body);
          // A link, unlike a rename, fails where there is a file already.
          if (options.ifNoneMatch) await link(draft, target).catch(conflict(url, key));
          else await rename(draft, target);
        } finally {
          await rm(draft, { force: true });
        }
      }),

    stat: (key) =>
      attempt('read', key, async () => {
        const found = await stat(pathOf(key)).catch(absent);
        return found?.isFile() ? { size: found.size } : undefined;
      }),

    async *list(prefix) {
      const folder = join(root, ...prefix.split('/').slice(0, -1));
      const entries = await opendir(folder, { recursive: true }).catch(absent);
      if (!entries) return;
      for await (const entry of entries) {
        const path = join(entry.parentPath, entry.name);
        const key = relative(root, path).split(sep).join('/');
        if (!entry.isFile() || entry.name.endsWith(unfinished) || !key.startsWith(prefix)) continue;
        const found = await stat(path).catch(absent);
        if (found) yield { key, size: found.size };
      }
    },

    remove: (key) => attempt('remove', key, () => rm(pathOf(key), { force: true })),
  };
}

/** Writes the bytes, if there are any to write, and waits until the disk has the file. */
async function flush(path: string, bytes: Buffer | undefined): Promise<void> {
  const handle = await open(path, bytes ? 'wx' : 'r+');
  try {
    if (bytes) await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function conflict(url: string, key: string) {
  return (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new StoreConflict(url, key, { cause: error });
    throw error;
  };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

function explain(error: unknown, verb: string, key: string, url: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof StepError) return error;
  if (verb === 'read' && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code ?? '')) {
    return new StoreNotFound(url, key, { cause: error });
  }
  if (code === 'ENAMETOOLONG') return new StoreBadKey(url, key, { cause: error });
  const what = `Cannot ${verb} ${key} in ${url}: ${(error as Error).message}.`;
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new StepError('BadConfiguration', what, { cause: error });
  }
  return new StoreUnreachable(what, { cause: error });
}
