import { z } from 'zod';
import { keys } from './layout.ts';
import { StepError } from './messages.ts';
import { parseDocument } from './parse.ts';
import type { Store } from './store.ts';
import { StoreConflict, StoreNotFound } from './store-errors.ts';

/** owner.json: the ModelRelease that this root belongs to. */
export const ownerSchema = z.object({ uid: z.string().min(1) });

/** Takes the root for a ModelRelease, or checks that it is already its own. */
export async function claimOwner(store: Store, uid: string): Promise<void> {
  try {
    await store.write(keys.owner, Buffer.from(JSON.stringify({ uid })), {
      ifNoneMatch: true,
      contentType: 'application/json',
    });
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    await checkOwner(store, uid);
  }
}

/** Throws BadConfiguration when the root belongs to another ModelRelease; one without owner is anyone's. */
export async function checkOwner(store: Store, uid: string): Promise<void> {
  const bytes = await store.read(keys.owner).catch((error: unknown) => {
    if (error instanceof StoreNotFound) return undefined;
    throw error;
  });
  if (bytes === undefined) return;
  const owner = parseDocument(ownerSchema, bytes, keys.owner);
  if (owner.uid !== uid) {
    throw new StepError(
      'BadConfiguration',
      `${store.url} belongs to the ModelRelease with UID ${owner.uid}, not to ${uid}: give this one another bucket or prefix, or remove owner.json if the other is gone.`,
    );
  }
}
