import {
  canonicalJson,
  digestSchema,
  keys,
  type Store,
  sha256Of,
} from '@shelfwise/trainer-contract';
import { z } from 'zod';
import type { FitState, Position } from '../fit/state.ts';

/**
 * How a checkpoint lies in the store: a part, named by its content, with the numbers of a fit one after the other, and one
 * small index, written last, that names it. The index holds its own digest: a damaged one is known, not believed.
 */
export interface Checkpoint {
  /** Digest of all that decides what comes out of the training. */
  readonly identity: string;
  /** What finished phases gave, by name. */
  readonly phases: Readonly<Record<string, unknown>>;
  /** The fit that was under way. */
  readonly live: LiveFit | null;
}

export interface LiveFit {
  readonly phase: string;
  readonly position: Position;
  readonly part: Part;
}

interface Part {
  readonly digest: string;
  readonly size: number;
  /** Names and lengths of the float32 arrays, in order. */
  readonly tensors: readonly (readonly [string, number])[];
}

const fileSchema = z.object({
  schemaVersion: z.literal(1),
  digest: digestSchema,
  content: z.unknown(),
});

/** The index as it stands in the store. */
export function indexBytes(checkpoint: Checkpoint): Buffer {
  const digest = sha256Of(canonicalJson(checkpoint));
  return Buffer.from(canonicalJson({ schemaVersion: 1, digest, content: checkpoint }));
}

/** Throws Error saying what is wrong with the index. */
export function parseIndex(bytes: Buffer): Checkpoint {
  const { digest, content } = fileSchema.parse(JSON.parse(bytes.toString()));
  if (sha256Of(canonicalJson(content)) !== digest)
    throw new Error('its digest is not that of its content');
  // What has the digest was written by indexBytes.
  return content as Checkpoint;
}

/** A fit's numbers as one part, little-endian as all machines are that this runs on. */
export function packPart({ tensors }: FitState): { part: Part; bytes: Buffer } {
  const entries = Object.entries(tensors);
  const bytes = Buffer.concat(
    entries.map(([, values]) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  );
  const part = {
    digest: sha256Of(bytes),
    size: bytes.byteLength,
    tensors: entries.map(([name, values]) => [name, values.length] as const),
  };
  return { part, bytes };
}

/** Reads the state of the fit that was under way. Throws Error where the part is missing or not what it was. */
export async function readState(store: Store, release: string, live: LiveFit): Promise<FitState> {
  const { part, position } = live;
  const bytes = await store.read(keys.checkpointPart(release, part.digest), part.size + 1);
  if (sha256Of(bytes) !== part.digest) throw new Error(`the part ${part.digest} was changed`);
  const tensors: Record<string, Float32Array> = {};
  let at = 0;
  for (const [name, length] of part.tensors) {
    // A copy: a part need not begin where float32 may.
    tensors[name] = new Float32Array(new Uint8Array(bytes.subarray(at, at + length * 4)).buffer);
    at += length * 4;
  }
  return { position, tensors };
}
