/** An image of the project: what it is made of. The build context is always the repository's root. */
export interface ImageSource {
  name: string;
  dockerfile: string;
  arguments: Record<string, string>;
  /** Tools of hack/tools whose binaries the Dockerfile copies, as from a stage named "tools". */
  tools?: string[];
  /** Built when nothing is named. */
  usual: boolean;
}

export const images: ImageSource[] = [
  { name: 'operator', dockerfile: 'operator/Dockerfile', arguments: {}, usual: true },
  { name: 'inference', dockerfile: 'inference/Dockerfile', arguments: {}, usual: true },
  { name: 'trainer', dockerfile: 'trainer/Dockerfile', arguments: { VARIANT: 'cpu' }, usual: true },
  // Some gigabytes of CUDA that no development machine without a GPU has a use for.
  {
    name: 'trainer-gpu',
    dockerfile: 'trainer/Dockerfile',
    arguments: { VARIANT: 'gpu' },
    usual: false,
  },
  {
    name: 'versitygw',
    dockerfile: 'hack/images/versitygw/Dockerfile',
    arguments: {},
    tools: ['versitygw'],
    usual: true,
  },
  { name: 'postgres', dockerfile: 'hack/images/postgres/Dockerfile', arguments: {}, usual: true },
];

/** The images of these names, or the usual ones; throws when a name is not known. */
export function chooseImages(names: string[]): ImageSource[] {
  if (names.length === 0) return images.filter(({ usual }) => usual);
  return names.map((name) => {
    const image = images.find((candidate) => candidate.name === name);
    if (image) return image;
    throw new Error(
      `There is no image "${name}"; there are ${images.map((each) => each.name).join(', ')}.`,
    );
  });
}
