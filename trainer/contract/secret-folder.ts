import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A key of a Secret that is mounted as a folder, without the white space around it; undefined where the Secret has no such
 * key or an empty one. It is read anew at each call, for the kubelet renews it. Errors are those of the file system.
 */
export async function readSecretPart(folder: string, name: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, name), 'utf8')).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
