import { constants } from 'node:fs';
import { access, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Config } from '../config.ts';
import { progress, since } from '../process/progress.ts';
import { run } from '../process/run.ts';

/**
 * Finds programs on PATH and the system's folders, given as {program: Debian package}. What is missing is installed when
 * we are root on a machine with apt-get, after saying so; elsewhere one sentence names it and the command.
 */
export async function requirePrograms(
  wanted: Record<string, string>,
  config: Config,
): Promise<Record<string, string>> {
  const found = await locate(Object.keys(wanted), config);
  const missing = Object.keys(wanted).filter((program) => found[program] === undefined);
  if (missing.length === 0) return found as Record<string, string>;
  await install([...new Set(missing.map((program) => wanted[program] ?? program))].sort(), config);
  const now = await locate(Object.keys(wanted), config);
  const still = Object.keys(wanted).filter((program) => now[program] === undefined);
  if (still.length > 0)
    throw new Error(
      `${still.join(', ')} can't be found on PATH although its package was installed.`,
    );
  return now as Record<string, string>;
}

async function install(packages: string[], config: Config): Promise<void> {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  const apt = (await locate(['apt-get'], config))['apt-get'];
  if (apt === undefined || process.getuid?.() !== 0) {
    throw new Error(`This machine lacks ${packages.join(', ')}; install with: sudo ${command}`);
  }
  const note = progress('apt');
  const start = performance.now();
  note.done(`installing what this machine lacks: ${packages.join(', ')}`);
  const env = { ...config.inherited, DEBIAN_FRONTEND: 'noninteractive' };
  const flags = ['--yes', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0'];
  const attempt = () =>
    run(apt, ['install', ...flags, ...packages], {
      env,
      lines: 'both',
      onLine: (line) => note.update(line),
    });
  await withoutServices(async () => {
    try {
      await attempt();
    } catch {
      // The lists may be missing or name versions that the mirror has replaced since.
      await run(apt, ['update'], { env, lines: 'both', onLine: (line) => note.update(line) });
      await attempt();
    }
  });
  note.done(`installed in ${since(start)}`);
}

/**
 * Debian starts a package's system service on installation (a registry on port 5000, a containerd), which nobody asked
 * for: while this file exits with 101, it does not (invoke-rc.d(8)).
 */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    await work();
  } finally {
    if (ours) await rm(policy);
  }
}

async function locate(
  programs: string[],
  config: Config,
): Promise<Record<string, string | undefined>> {
  const folders = [
    ...(config.inherited.PATH ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    // The plugins of containernetworking-plugins are programs that containerd alone calls.
    '/usr/lib/cni',
  ];
  const found: Record<string, string | undefined> = {};
  for (const program of programs) {
    for (const folder of folders.filter((entry) => entry !== '')) {
      const path = join(folder, program);
      const runnable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (runnable) {
        found[program] = path;
        break;
      }
    }
  }
  return found;
}
