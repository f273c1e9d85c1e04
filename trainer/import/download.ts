import { createReadStream } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { StepError } from '@shelfwise/trainer-contract';
import { openPromise, type ZipFile } from 'yauzl';

/** A file of the download, in a folder or inside a zip. */
export interface DownloadedFile {
  /** Path as people know it, with slashes; only shown and matched, never written to. */
  name: string;
  size: number;
  open(): Promise<Readable>;
}

export interface Download {
  files: DownloadedFile[];
  close(): void;
}

/** The files of a folder, those inside its zips among them, or of one zip. Throws BadConfiguration or BadData naming it. */
export async function openDownload(path: string): Promise<Download> {
  const found = await stat(path).catch((cause: Error) => {
    throw new StepError(
      'BadConfiguration',
      `The download ${path} cannot be read: ${cause.message}.`,
      { cause },
    );
  });
  const zips: ZipFile[] = [];
  const files: DownloadedFile[] = [];
  const addZip = async (zipPath: string) => {
    const zip = await openZip(zipPath);
    zips.push(zip);
    files.push(...(await zipFiles(zip, zipPath)));
  };
  if (found.isDirectory()) {
    for await (const entry of await opendir(path, { recursive: true })) {
      if (!entry.isFile()) continue;
      const filePath = join(entry.parentPath, entry.name);
      if (/\.zip$/i.test(entry.name)) await addZip(filePath);
      else files.push(await folderFile(path, filePath));
    }
  } else await addZip(path);
  return { files, close: () => zips.forEach((zip) => void zip.close()) };
}

async function folderFile(root: string, path: string): Promise<DownloadedFile> {
  const { size } = await stat(path);
  const name = relative(root, path).split(sep).join('/');
  return { name, size, open: async () => createReadStream(path) };
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { autoClose: false, lazyEntries: true });
  } catch (cause) {
    throw damaged(path, cause);
  }
}

async function zipFiles(zip: ZipFile, path: string): Promise<DownloadedFile[]> {
  const files: DownloadedFile[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      files.push({
        name: entry.fileName,
        size: entry.uncompressedSize,
        open: () =>
          zip.openReadStreamPromise(entry).catch((cause) => {
            throw damaged(`${entry.fileName} in ${path}`, cause);
          }),
      });
    }
    return files;
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(name: string, cause: unknown): StepError {
  const { message } = cause as Error;
  return new StepError('BadData', `${name} is no zip, or damaged: ${message}; download it again.`, {
    cause,
  });
}
