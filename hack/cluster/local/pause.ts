import { access, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { run } from '../../process/run.ts';
import { tool } from '../../tools/tool.ts';

/** The image that holds a pod's namespaces open: its name in containerd, and an archive of it. */
export async function pauseImage(
  buildah: string,
  config: Config,
): Promise<{ name: string; archive: string }> {
  const binary = await tool('pause', config);
  const folder = dirname(binary);
  const name = `shelfwise.dev/pause:${folder.split('-').at(-1)}`;
  const archive = join(folder, 'image.tar');
  const there = await access(archive).then(
    () => true,
    () => false,
  );
  if (there) return { name, archive };
  const context = `${archive}.context`;
  await mkdir(context, { recursive: true });
  await copyFile(binary, join(context, 'pause'));
  await writeFile(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n',
  );
  const storage = [
    '--root',
    join(context, 'storage'),
    '--runroot',
    join(context, 'run'),
    '--storage-driver',
    'vfs',
  ];
  await run(buildah, [...storage, 'bud', '--isolation', 'chroot', '--tag', name, context]);
  await run(buildah, [...storage, 'push', name, `docker-archive:${archive}.new:${name}`]);
  await rm(context, { recursive: true, force: true });
  await rename(`${archive}.new`, archive);
  return { name, archive };
}
