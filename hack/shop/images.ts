import type { Cluster } from '../cluster/cluster.ts';
import type { Config } from '../config.ts';
import { buildAll } from '../images/build.ts';
import { chooseImages } from '../images/catalogue.ts';

/** References that the cluster can pull, and what each image takes in bytes. */
export interface BuiltImages {
  operator: string;
  inference: string;
  trainer: string;
  versitygw: string;
  postgres: string;
  sizes: Record<string, number>;
}

/** The images of the project and of its shop, built where their inputs changed. */
export async function buildImages(cluster: Cluster, config: Config): Promise<BuiltImages> {
  const built = await buildAll(chooseImages([]), cluster, config);
  const of = (name: string) => {
    const image = built.find((each) => each.name === name);
    if (!image) throw new Error(`No image ${name} was built.`);
    return image.reference;
  };
  return {
    operator: of('operator'),
    inference: of('inference'),
    trainer: of('trainer'),
    versitygw: of('versitygw'),
    postgres: of('postgres'),
    sizes: Object.fromEntries(built.map(({ name, size }) => [name, size])),
  };
}

/** The parts of `REPOSITORY@sha256:…` or, where images are loaded into the nodes, `REPOSITORY:TAG`. */
export function partsOf(reference: string): { repository: string; tag?: string; digest?: string } {
  const [repository = '', digest] = reference.split('@');
  if (digest) return { repository, digest };
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/'))
    throw new Error(`The image ${reference} has neither a tag nor a digest.`);
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
