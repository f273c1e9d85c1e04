import { type FileHandle, open } from 'node:fs/promises';

/** Where something lies in a spool, in bytes. */
export interface Place {
  offset: number;
  size: number;
}

/** Texts and pictures in one file on disk: they are needed twice, and are too many to keep in memory. */
export async function openSpool(path: string) {
  const file: FileHandle = await open(path, 'wx+');
  let end = 0;
  return {
    async append(bytes: Buffer): Promise<Place> {
      const offset = end;
      end += bytes.length;
      // A write may take less than it is given, for example when the disk is nearly full.
      for (let done = 0; done < bytes.length; )
        done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      return { offset, size: bytes.length };
    },
    async read({ offset, size }: Place): Promise<Buffer> {
      const bytes = Buffer.alloc(size);
      const { bytesRead } = await file.read(bytes, 0, size, offset);
      if (bytesRead !== size)
        throw new Error(`The spool holds ${bytesRead} of ${size} bytes at ${offset}.`);
      return bytes;
    },
    close: () => file.close(),
  };
}

export type Spool = Awaited<ReturnType<typeof openSpool>>;
