import { hexOf } from './digest.ts';

/** Where everything lies below a ModelRelease's root. The only place that spells these keys. */
export const keys = {
  owner: 'owner.json',
  snapshot: (dataset: string) => `datasets/${hexOf(dataset)}/snapshot.json`,
  members: (dataset: string) => `datasets/${hexOf(dataset)}/members.json`,
  dataReport: (dataset: string) => `datasets/${hexOf(dataset)}/report.json`,
  dataReportPage: (dataset: string) => `datasets/${hexOf(dataset)}/report.html`,
  /** What the last snapshot that was refused left out: a line of JSON for each product. */
  refused: 'datasets/refused.jsonl',
  shard: (digest: string) => `shards/${hexOf(digest)}.tar`,
  /** Packs of picture features that trainings of one recipe keep for each other; nothing depends on their being there. */
  featurePacks: (recipe: string) => `features/${hexOf(recipe)}/`,
  featurePack: (recipe: string, digest: string) =>
    `features/${hexOf(recipe)}/${hexOf(digest)}.pack`,
  manifest: (release: string) => `releases/${release}/manifest.json`,
  /** One file of events for each attempt at the training. */
  tensorboard: (release: string, name: string) => `releases/${release}/tensorboard/${name}`,
  evaluation: (release: string) => `releases/${release}/evaluation.json`,
  evaluationPage: (release: string) => `releases/${release}/report.html`,
  checkpoints: (release: string) => `checkpoints/${release}/`,
  checkpointIndex: (release: string) => `checkpoints/${release}/index.json`,
  checkpointPart: (release: string, digest: string) =>
    `checkpoints/${release}/${hexOf(digest)}.bin`,
  /** The picture of a product in the service's own catalogue. */
  picture: (digest: string) => `pictures/${hexOf(digest)}`,
  model: (release: string, digest: string) => `releases/${release}/${modelTarName(digest)}`,
} as const;

export function modelTarName(digest: string): string {
  return `model-${hexOf(digest)}.tar`;
}
