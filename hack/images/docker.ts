import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Progress } from '../process/progress.ts';
import { run } from '../process/run.ts';
import type { ImageSource } from './catalogue.ts';

interface DockerBuild {
  image: ImageSource;
  contexts: Record<string, string>;
  tag: string;
  root: string;
}

/** Builds with BuildKit, whose proxies, certificate authorities and mirrors are set up in Docker itself. */
export async function dockerBuild(
  { image, contexts, tag, root }: DockerBuild,
  { inherited }: Config,
  note: Progress,
): Promise<void> {
  const pairs = (flag: string, values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  note.done('building');
  const args = [
    'build',
    '--progress',
    'plain',
    '--tag',
    tag,
    '--file',
    join(root, image.dockerfile),
  ];
  const all = [
    ...args,
    ...pairs('--build-arg', image.arguments),
    ...pairs('--build-context', contexts),
    root,
  ];
  await run('docker', all, { env: { ...inherited, DOCKER_BUILDKIT: '1' }, onLine: note.update });
}

/** Whether the engine has an image of this name. */
export async function dockerHas(reference: string, { inherited }: Config): Promise<boolean> {
  const found = await run('docker', ['image', 'ls', '--quiet', reference], { env: inherited });
  return found.trim() !== '';
}

/** Bytes of the image as the engine holds it. */
export async function dockerSize(reference: string, { inherited }: Config): Promise<number> {
  return Number(
    await run('docker', ['image', 'inspect', '--format', '{{.Size}}', reference], {
      env: inherited,
    }),
  );
}

/** Pushes to the registry in the reference and returns the reference by digest. */
export async function dockerPush(reference: string, { inherited }: Config): Promise<string> {
  const said = await run('docker', ['push', reference], { env: inherited });
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1];
  if (digest === undefined)
    throw new Error(`docker push ${reference} named no digest; it said:\n${said}`);
  return `${reference.slice(0, reference.lastIndexOf(':'))}@${digest}`;
}
