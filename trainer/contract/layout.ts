import { hexOf } from './digest.ts';

/** Where everything lies below a ModelRelease's root. The only place that spells these keys. */
export const keys = {
  owner: 'owner.json',
  snapshot: (dataset: string) => `datasets/${hexOf(dataset)}/snapshot.json`,
  members: (dataset: string) => `datasets/${hexOf(dataset)}/members.json`,
  shard: (digest: string) => `shards/${hexOf(digest)}.tar`,
  manifest: (release: string) => `releases/${release}/manifest.json`,
  evaluation: (release: string) => `releases/${release}/evaluation.json`,
  model: (release: string, digest: string) => `releases/${release}/${modelTarName(digest)}`,
} as const;

export function modelTarName(digest: string): string {
  return `model-${hexOf(digest)}.tar`;
}
