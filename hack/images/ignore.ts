import { matchesGlob } from 'node:path';

/**
 * Whether .dockerignore keeps a path out of the build context. As Docker has it: a pattern that matches a folder matches
 * what is in it, and of all that match the last one decides.
 */
export function ignorer(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({
      kept: line.startsWith('!'),
      glob: line.replace(/^!/, '').replace(/^\/|\/$/g, ''),
    }));
  return (path) => {
    const parts = path.split('/');
    const selfAndParents = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = rules.findLast(({ glob }) =>
      selfAndParents.some((each) => matchesGlob(each, glob)),
    );
    return last !== undefined && !last.kept;
  };
}
