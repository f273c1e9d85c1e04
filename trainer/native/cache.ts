import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what was downloaded and built is kept outside the clone, so that a fresh clone need not do it again. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shelfwise');
}
