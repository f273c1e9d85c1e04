import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { CommandFailed, run } from '../process/run.ts';
import { requirePrograms } from '../tools/debian.ts';
import { declareArguments, type HostSettings } from './host-settings.ts';

/** Runs `buildah` with the project's own storage. */
export type Buildah = (args: string[], onLine?: (line: string) => void) => Promise<string>;

/** buildah with its storage in the cache, apart from anything that the machine's user builds. */
export async function openBuildah(config: Config): Promise<Buildah> {
  const { buildah } = await requirePrograms({ buildah: 'buildah' }, config);
  const folder = storageFolder(config);
  await mkdir(folder, { recursive: true });
  const type = (await run('stat', ['--file-system', '--format=%T', folder])).trim();
  // An overlay can't lie on an overlay: in a container everything is copied instead.
  const driver = type === 'overlayfs' ? 'vfs' : 'overlay';
  const storage = [
    '--root',
    folder,
    '--runroot',
    join(config.cacheDir, 'buildah', 'run'),
    '--storage-driver',
    driver,
  ];
  return (args, onLine) =>
    run(buildah ?? 'buildah', [...storage, ...args], {
      env: config.inherited,
      ...(onLine ? { onLine, lines: 'both' } : {}),
    });
}

/** Where buildah keeps layers. */
export function storageFolder({ cacheDir }: Config): string {
  return join(cacheDir, 'buildah', 'storage');
}

export interface BuildOptions {
  tag: string;
  dockerfile: string;
  context: string;
  arguments: Record<string, string>;
  /** Folders that a Dockerfile copies from by name. */
  contexts?: Record<string, string>;
  /** Settings of the host for RUN steps. */
  host: HostSettings;
}

/** Builds and tags an image; throws with the last words of the step that failed. */
export async function build(
  buildah: Buildah,
  options: BuildOptions,
  onLine: (line: string) => void,
): Promise<void> {
  const { host } = options;
  const dockerfile = join(host.folder, 'Dockerfile');
  const text = await readFile(options.dockerfile, 'utf8');
  await writeFile(dockerfile, declareArguments(text, Object.keys(host.variables)));
  const pairs = (flag: string, values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const all = [
    ...[
      'bud',
      '--isolation',
      'chroot',
      '--layers',
      '--pull-never',
      '--format',
      'oci',
      '--tag',
      options.tag,
    ],
    ...['--volume', `${host.folder}:/run/host:ro`],
    ...pairs('--build-arg', { ...options.arguments, ...host.variables }),
    ...pairs('--build-context', options.contexts ?? {}),
    ...['--file', dockerfile, options.context],
  ];
  const said: string[] = [];
  try {
    await buildah(all, (line) => {
      said.push(line);
      onLine(line);
    });
  } catch (error) {
    // What a RUN step says is on standard output, and is what a person needs here.
    if (!(error instanceof CommandFailed)) throw error;
    throw new Error(`${options.dockerfile} does not build:\n${said.slice(-30).join('\n')}`, {
      cause: error,
    });
  }
}

/** Pushes to a registry and returns the digest under which it is there. */
export async function push(
  buildah: Buildah,
  {
    tag,
    destination,
    scratch,
    plain,
  }: { tag: string; destination: string; scratch: string; plain: boolean },
): Promise<string> {
  const file = join(scratch, `push-${process.pid}-${encodeURIComponent(tag)}.digest`);
  try {
    // zstd's fastest level: gzip takes a minute for TensorFlow's libraries, this some seconds.
    const compression = ['--compression-format', 'zstd', '--compression-level', '1'];
    const security = plain ? ['--tls-verify=false'] : [];
    await buildah([
      'push',
      ...security,
      ...compression,
      '--digestfile',
      file,
      tag,
      `docker://${destination}`,
    ]);
    return (await readFile(file, 'utf8')).trim();
  } finally {
    await rm(file, { force: true });
  }
}
