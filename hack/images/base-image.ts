import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { withLock } from '../process/lock.ts';
import { progress, since } from '../process/progress.ts';
import { run } from '../process/run.ts';
import { requirePrograms } from '../tools/debian.ts';
import type { Buildah } from './buildah.ts';

const suite = 'bookworm';
const packages = join(import.meta.dirname, 'base');

/**
 * The name of an image like node:24-bookworm-slim (node, npm and headers in /usr/local, user node of uid 1000), made of
 * Debian's packages and npm's where no registry can be pulled from. Built once, kept in the cache.
 */
export async function baseImage(buildah: Buildah, config: Config): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [join(packages, 'package-lock.json'), import.meta.filename])
    hash.update(await readFile(file));
  const name = `localhost/shelfwise/base:${hash.digest('hex').slice(0, 16)}`;
  const there = async () =>
    (await buildah(['images', '--quiet', '--filter', `reference=${name}`])).trim() !== '';
  if (await there()) return name;
  const note = progress('base image');
  await withLock(
    join(config.cacheDir, 'locks', 'base-image.lock'),
    () => note.done('waiting for another process that builds it'),
    async () => {
      if (!(await there())) await build(name, buildah, config, note);
    },
  );
  return name;
}

async function build(
  name: string,
  buildah: Buildah,
  config: Config,
  note: ReturnType<typeof progress>,
): Promise<void> {
  const start = performance.now();
  note.done('building it from Debian packages and Node; once, about a minute');
  const folder = join(config.cacheDir, 'base-image');
  const root = join(folder, 'root');
  await rm(folder, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  await Promise.all([debian(root, config, note), npmPackages(folder, config)]);
  await addNode(root, join(folder, 'node_modules'));
  await writeFile(join(folder, 'Dockerfile'), dockerfile);
  await buildah(
    ['bud', '--isolation', 'chroot', '--format', 'oci', '--tag', name, folder],
    note.update,
  );
  await rm(folder, { recursive: true, force: true });
  note.done(`built in ${since(start)}`);
}

const dockerfile = `FROM scratch
COPY root /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["node"]
`;

async function debian(
  root: string,
  config: Config,
  note: ReturnType<typeof progress>,
): Promise<void> {
  const { debootstrap } = await requirePrograms({ debootstrap: 'debootstrap' }, config);
  const args = ['--variant=minbase', suite, root];
  await run(debootstrap ?? 'debootstrap', args, {
    env: config.inherited,
    lines: 'both',
    onLine: note.update,
  });
  const inRoot = (command: string, ...rest: string[]) => run('chroot', [root, command, ...rest]);
  await inRoot('groupadd', '--gid', '1000', 'node');
  await inRoot(
    'useradd',
    '--uid',
    '1000',
    '--gid',
    'node',
    '--shell',
    '/bin/bash',
    '--create-home',
    'node',
  );
  await inRoot('apt-get', 'clean');
  // debootstrap writes the mirror that it took.
  const written = await readFile(join(root, 'etc/apt/sources.list'), 'utf8');
  const [, mirror] = /^deb (\S+)/.exec(written) ?? [];
  if (!mirror) throw new Error(`debootstrap left no mirror in sources.list: ${written}`);
  const sources = `deb ${mirror} ${suite} main
deb ${mirror} ${suite}-updates main
deb ${mirror}-security ${suite}-security main
`;
  await writeFile(join(root, 'etc/apt/sources.list'), sources);
  const lean =
    'path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n';
  await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/lean'), lean);
  for (const path of [
    'usr/share/doc',
    'usr/share/man',
    'usr/share/locale',
    'var/lib/apt/lists',
    'var/log',
    'var/cache',
  ]) {
    await rm(join(root, path), { recursive: true });
    await mkdir(join(root, path));
  }
  await mkdir(join(root, 'var/lib/apt/lists/partial'));
  await mkdir(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
  // debootstrap brings the host's own; a container is given its.
  await writeFile(join(root, 'etc/hostname'), 'localhost\n');
  await rm(join(root, 'etc/resolv.conf'), { force: true });
}

async function npmPackages(folder: string, config: Config): Promise<void> {
  for (const file of ['package.json', 'package-lock.json'])
    await copyFile(join(packages, file), join(folder, file));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  await run('npm', ['ci', ...flags], { cwd: folder, env: config.inherited });
}

async function addNode(root: string, modules: string): Promise<void> {
  const local = join(root, 'usr/local');
  const node = join(modules, `node-linux-${process.arch}`);
  await cp(join(node, 'bin'), join(local, 'bin'), { recursive: true });
  await cp(join(node, 'include'), join(local, 'include'), { recursive: true });
  await mkdir(join(local, 'lib/node_modules'), { recursive: true });
  await cp(join(modules, 'npm'), join(local, 'lib/node_modules/npm'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  for (const name of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
  }
}
