import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { withLock } from '../process/lock.ts';
import { progress, since } from '../process/progress.ts';
import { run } from '../process/run.ts';
import type { GoTool } from './catalogue.ts';
import { exists } from './exists.ts';

/** Where a tool's binary lies: the digest of its sources is in the name, so nothing stale is ever taken. */
async function binaryPath(tool: GoTool, config: Config): Promise<string> {
  return join(config.cacheDir, 'bin', `${tool.name}-${await sourceDigest(tool)}`, tool.name);
}

/** The first 16 hexadecimal digits of the SHA-256 over go.mod, go.sum, main.go (where there is one) and the flags. */
export async function sourceDigest(tool: GoTool): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) {
    const content = await readFile(join(tool.directory, file)).catch((error) => {
      if (file === 'main.go' && error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  hash.update(
    JSON.stringify([tool.package, await flags(tool), tool.environment ?? {}, tool.links ?? []]),
  );
  return hash.digest('hex').slice(0, 16);
}

/** Builds the tool unless its binary is in the cache; concurrent builders wait for the first. */
export async function goBuild(tool: GoTool, config: Config): Promise<string> {
  const binary = await binaryPath(tool, config);
  if (await exists(binary)) return binary;
  const note = progress(tool.name);
  const lock = join(config.cacheDir, 'locks', `${tool.name}.lock`);
  return withLock(
    lock,
    () => note.done('waiting for another process that builds it'),
    async () => {
      if (await exists(binary)) return binary;
      await build(tool, binary, config, note);
      return binary;
    },
  );
}

async function build(
  tool: GoTool,
  binary: string,
  config: Config,
  note: ReturnType<typeof progress>,
): Promise<void> {
  const start = performance.now();
  const env = { ...config.inherited, GOTOOLCHAIN: 'local', ...tool.environment };
  await requireGo(env);
  note.done(`building it from its Go modules; the first time this takes ${tool.takes}`);
  const packages = await run('go', ['list', '-deps', tool.package], { cwd: tool.directory, env });
  const total = packages.split('\n').length;
  const directory = dirname(binary);
  const partial = `${directory}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  let compiled = 0;
  const args = [
    'build',
    '-v',
    '-trimpath',
    '-ldflags',
    await flags(tool),
    '-o',
    join(partial, tool.name),
    tool.package,
  ];
  await run('go', args, {
    cwd: tool.directory,
    env,
    onLine: () =>
      note.update(`compiled ${++compiled} of at most ${total} packages, ${since(start)}`),
  });
  for (const link of tool.links ?? []) await symlink(tool.name, join(partial, link));
  await rm(directory, { recursive: true, force: true });
  await rename(partial, directory);
  note.done(`built in ${since(start)}`);
}

async function flags(tool: GoTool): Promise<string> {
  const goMod = await readFile(join(tool.directory, 'go.mod'), 'utf8');
  return ['-s', '-w', ...(tool.ldflags?.(goMod) ?? [])].join(' ');
}

async function requireGo(env: NodeJS.ProcessEnv): Promise<void> {
  const version = await run('go', ['version'], { env }).catch(() => 'none');
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 26)) return;
  const found = version === 'none' ? 'no "go" is on PATH' : `PATH has ${version.trim()}`;
  throw new Error(
    `Go 1.26 or newer is needed to build the local cluster's programs, but ${found}; install it from https://go.dev/dl.`,
  );
}
