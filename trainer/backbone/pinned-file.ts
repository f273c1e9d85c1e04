import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** The bytes of a file of weights; throws, naming the command that brings it, unless it is exactly the known one (its SHA-256 in hexadecimal digits). */
export async function readPinned(path: string, digest: string): Promise<Buffer> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new Error(`There are no weights at ${path}: run "npm run setup:backbone".`, { cause });
  });
  const seen = createHash('sha256').update(file).digest('hex');
  if (seen !== digest)
    throw new Error(
      `${path} holds other weights (sha256 ${seen}, not ${digest}): remove it and run "npm run setup:backbone".`,
    );
  return file;
}
