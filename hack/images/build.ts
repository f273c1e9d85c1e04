import { dirname, join } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { dockerAnswers } from '../cluster/docker.ts';
import { type Config, imagesLock } from '../config.ts';
import { withLock } from '../process/lock.ts';
import { progress, since } from '../process/progress.ts';
import { tool } from '../tools/tool.ts';
import { baseImage } from './base-image.ts';
import { build, openBuildah, push } from './buildah.ts';
import type { ImageSource } from './catalogue.ts';
import { dockerBuild, dockerHas, dockerPush, dockerSize } from './docker.ts';
import { withHostSettings } from './host-settings.ts';
import { inputsDigest } from './inputs.ts';
import { prune } from './prune.ts';
import { inspectPushed } from './registry-client.ts';

export const root = join(import.meta.dirname, '..', '..');

export interface BuiltImage {
  name: string;
  /** What a pod's `image` is set to: names exactly these bytes. */
  reference: string;
  /** Bytes, as stored: compressed in a registry, unpacked in a Docker engine. */
  size: number;
  /** False when the image of just these inputs was there already. */
  built: boolean;
  seconds: number;
}

/** Builds one image where its inputs have changed and brings it to where the cluster takes it from. */
export type Builder = (image: ImageSource) => Promise<BuiltImage>;

export async function createBuilder(cluster: Cluster, config: Config): Promise<Builder> {
  const make =
    cluster.kind === 'local'
      ? localBuilder
      : (await dockerAnswers(config))
        ? dockerBuilder
        : remoteBuilder;
  const builder = await make(cluster, config);
  return async (image) => {
    const start = performance.now();
    const note = progress(image.name);
    const result = await withLock(
      imagesLock(config),
      () => note.done('waiting for another process that builds images'),
      () => builder(image, note),
    );
    note.done(
      `${result.built ? `built in ${since(start)}` : 'is up to date'}, ${megabytes(result.size)}`,
    );
    return { name: image.name, ...result, seconds: (performance.now() - start) / 1000 };
  };
}

/** Builds images one after the other: each of them keeps all cores busy by itself. */
export async function buildAll(
  images: ImageSource[],
  cluster: Cluster,
  config: Config,
): Promise<BuiltImage[]> {
  const builder = await createBuilder(cluster, config);
  const results: BuiltImage[] = [];
  for (const image of images) results.push(await builder(image));
  return results;
}

type Make = (cluster: Cluster, config: Config) => Promise<OneBuilder>;
type OneBuilder = (
  image: ImageSource,
  note: ReturnType<typeof progress>,
) => Promise<Pick<BuiltImage, 'reference' | 'size' | 'built'>>;

/** buildah, and the registry on loopback, which is asked whether it has the image of these inputs. */
const localBuilder: Make = async (cluster, config) => {
  const registry = requireRegistry(cluster);
  const buildah = await openBuildah(config);
  const base = await baseImage(buildah, config);
  return async (image, note) => {
    const { contexts, tag } = await prepare(image, base, config);
    const repository = `shelfwise/${image.name}`;
    const known = await inspectPushed(registry, repository, tag);
    if (known)
      return {
        reference: `${registry}/${repository}@${known.digest}`,
        size: known.size,
        built: false,
      };
    const local = `localhost/${repository}:${tag}`;
    await buildWithBuildah({ image, base, contexts, tag: local, buildah, config, note });
    note.update('pushing');
    const destination = `${registry}/${repository}:${tag}`;
    await push(buildah, { tag: local, destination, scratch: config.cacheDir, plain: true });
    const pushed = await inspectPushed(registry, repository, tag);
    if (!pushed) throw new Error(`${destination} was pushed, but the registry does not know it.`);
    await prune(buildah, local, config);
    return {
      reference: `${registry}/${repository}@${pushed.digest}`,
      size: pushed.size,
      built: true,
    };
  };
};

/** buildah, and someone's registry with the credentials that buildah finds on this machine. */
const remoteBuilder: Make = async (cluster, config) => {
  const registry = requireRegistry(cluster);
  const buildah = await openBuildah(config);
  const base = await baseImage(buildah, config);
  return async (image, note) => {
    const { contexts, tag } = await prepare(image, base, config);
    const destination = `${registry}/shelfwise/${image.name}`;
    await buildWithBuildah({
      image,
      base,
      contexts,
      tag: `${destination}:${tag}`,
      buildah,
      config,
      note,
    });
    note.update('pushing');
    const source = `${destination}:${tag}`;
    const digest = await push(buildah, {
      tag: source,
      destination: source,
      scratch: config.cacheDir,
      plain: false,
    });
    const size = Number(
      await buildah(['inspect', '--type', 'image', '--format', '{{.Docker.Size}}', source]),
    );
    return { reference: `${destination}@${digest}`, size, built: true };
  };
};

/** Docker, for kind and for someone's registry. Not tried on the machines where Shelfwise is developed. */
const dockerBuilder: Make = async (cluster, config) => {
  return async (image, note) => {
    const { contexts, tag } = await prepare(image, 'node:24-bookworm-slim', config);
    const reference = `${cluster.registry ? `${cluster.registry}/` : ''}shelfwise/${image.name}:${tag}`;
    const built = !(await dockerHas(reference, config));
    if (built) await dockerBuild({ image, contexts, tag: reference, root }, config, note);
    const size = await dockerSize(reference, config);
    // A tag made of the inputs' digest names the bytes as well as their own digest, which loading into kind would lose.
    if (!cluster.registry) await cluster.load?.([reference]);
    return {
      reference: cluster.registry ? await dockerPush(reference, config) : reference,
      size,
      built,
    };
  };
};

async function prepare(image: ImageSource, base: string, config: Config) {
  const binaries = await Promise.all((image.tools ?? []).map((name) => tool(name, config)));
  const [folder] = binaries.map((path) => dirname(path));
  const others = [image.arguments, base, folder?.split('/').at(-1) ?? null];
  const digest = await inputsDigest({ root, dockerfile: image.dockerfile, others });
  const contexts: Record<string, string> = folder === undefined ? {} : { tools: folder };
  return { contexts, tag: digest.slice(0, 32) };
}

interface BuildahBuild {
  image: ImageSource;
  base: string;
  contexts: Record<string, string>;
  tag: string;
  buildah: Awaited<ReturnType<typeof openBuildah>>;
  config: Config;
  note: ReturnType<typeof progress>;
}

function buildWithBuildah({
  image,
  base,
  contexts,
  tag,
  buildah,
  config,
  note,
}: BuildahBuild): Promise<void> {
  note.done('building');
  return withHostSettings(config, (host) =>
    build(
      buildah,
      {
        tag,
        dockerfile: join(root, image.dockerfile),
        context: root,
        arguments: { BASE_IMAGE: base, ...image.arguments },
        contexts,
        host,
      },
      note.update,
    ),
  );
}

function requireRegistry({ registry, kind }: Cluster): string {
  if (registry === undefined) throw new Error(`Cluster ${kind} has no registry to push images to.`);
  return registry;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
