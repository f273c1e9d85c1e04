import { join } from 'node:path';

/** What the NVIDIA container runtime brings from the node: the image must not hold it. */
const fromTheNode = [/^libcuda\.so\.1$/, /^libnvidia-ml\.so\.1$/];

/** The libraries that ldd's output calls "not found", except for the driver's. */
export function missingLibraries(ldd: string): string[] {
  const missing = ldd
    .split('\n')
    .map((line) => /^\s*(\S+) => not found/.exec(line)?.[1])
    .filter((library) => library !== undefined);
  return [...new Set(missing)].filter((library) => !fromTheNode.some((own) => own.test(library)));
}

/** The folders of a library's run path, from readelf's list of its dynamic section; `origin`: where the library lies. */
export function searchPath(dynamic: string, origin: string): string[] {
  const [, path = ''] = /\((?:RUNPATH|RPATH)\)[^[]*\[([^\]]*)\]/.exec(dynamic) ?? [];
  const folders = path.split(':').filter((folder) => folder !== '');
  return [...new Set(folders)].map((folder) => join(folder.replace('$ORIGIN', origin)));
}
