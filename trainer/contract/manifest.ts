import { z } from 'zod';
import { keys } from './layout.ts';
import { digestSchema, releaseNameSchema, StepError } from './messages.ts';
import { parseDocument } from './parse.ts';
import type { Store } from './store.ts';

const settingsSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
);

/** releases/<release>/manifest.json: what a release is. Written last, once, and never changed. */
export const manifestSchema = z.object({
  schemaVersion: z.literal(1),
  release: releaseNameSchema,
  tar: z.object({ name: z.string(), sha256: digestSchema, size: z.number().int().positive() }),
  dataset: digestSchema,
  code: z.object({ version: z.string(), image: z.string().nullable() }),
  seed: z.number().int(),
  /** What was asked for. */
  hyperparameters: settingsSchema,
  /** What validation changed in them for the model in the tar. */
  chosen: settingsSchema.optional(),
  metrics: z.record(z.string(), z.number().nullable()),
  parent: releaseNameSchema.nullable(),
  /** UID of the ModelRelease; null where a person trained by hand. */
  owner: z.string().nullable(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Reads a release's manifest. Throws StoreNotFound where there is none, BadData where it is another's. */
export async function readManifest(store: Store, release: string): Promise<Manifest> {
  const key = keys.manifest(releaseNameSchema.parse(release));
  const manifest = parseDocument(manifestSchema, await store.read(key), key);
  if (manifest.release !== release) {
    throw new StepError('BadData', `${key} in ${store.url} names the release ${manifest.release}.`);
  }
  return manifest;
}
