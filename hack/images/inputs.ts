import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, matchesGlob, normalize } from 'node:path';
import { contextSources } from './dockerfile.ts';
import { ignorer } from './ignore.ts';

export interface InputsOptions {
  /** The build context. */
  root: string;
  dockerfile: string;
  /** Whatever else decides what comes out: build arguments, the base image, tools. */
  others: unknown;
}

/**
 * A digest over exactly what an image is made of: the Dockerfile, the files that it copies and that .dockerignore lets
 * through (path, executable or not, content), and `others`. Equal digest, equal image.
 */
export async function inputsDigest({ root, dockerfile, others }: InputsOptions): Promise<string> {
  const text = await readFile(join(root, dockerfile), 'utf8').catch((cause) => {
    throw new Error(`${dockerfile} can't be read: ${cause.message}`, { cause });
  });
  const ignored = ignorer(await readFile(join(root, '.dockerignore'), 'utf8').catch(() => ''));
  const hash = createHash('sha256').update(JSON.stringify([text, others]));
  for (const path of await files(root, contextSources(text), ignored)) {
    const info = await lstat(join(root, path));
    const content = info.isSymbolicLink()
      ? Buffer.from(await readlink(join(root, path)))
      : await readFile(join(root, path));
    hash.update(`\n${JSON.stringify([path, info.mode & 0o100, content.length])}\n`).update(content);
  }
  return hash.digest('hex');
}

/** The files of the context that the sources name, sorted; throws when a source names nothing. */
async function files(
  root: string,
  sources: string[],
  ignored: (path: string) => boolean,
): Promise<string[]> {
  const found = new Set<string>();
  for (const source of sources) {
    const clean = normalize(source).replace(/^\.?\/|\/$/g, '');
    const all = /[*?[]/.test(clean) ? await globbed(root, clean) : [clean];
    const taken = (await Promise.all(all.map((path) => walk(root, path, ignored)))).flat();
    if (taken.length === 0)
      throw new Error(`Nothing in the repository is named ${source}, which a Dockerfile copies.`);
    for (const path of taken) found.add(path);
  }
  return [...found].sort();
}

async function globbed(root: string, glob: string): Promise<string[]> {
  const folder = glob.split('/').slice(0, -1).join('/');
  const entries = await readdir(join(root, folder)).catch(() => []);
  return entries.map((entry) => join(folder, entry)).filter((path) => matchesGlob(path, glob));
}

async function walk(
  root: string,
  path: string,
  ignored: (path: string) => boolean,
): Promise<string[]> {
  const info = await lstat(join(root, path)).catch(() => undefined);
  if (info === undefined) return [];
  if (!info.isDirectory()) return ignored(path) ? [] : [path];
  // A rule may let a file of an ignored folder through, but nobody means the thousands of node_modules.
  if (path.split('/').at(-1) === 'node_modules' || path === '.git') return [];
  const entries = await readdir(join(root, path));
  return (await Promise.all(entries.map((entry) => walk(root, join(path, entry), ignored)))).flat();
}
