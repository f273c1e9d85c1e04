import {
  canonicalJson,
  keys,
  type Store,
  StoreNotFound,
  StoreUnreachable,
  sha256Of,
} from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import { type FitState, type Keeper, keepsNothing } from '../fit/state.ts';
import {
  type Checkpoint,
  indexBytes,
  type LiveFit,
  packPart,
  parseIndex,
  readState,
} from './checkpoint-file.ts';

export interface CheckpointOptions {
  readonly store: Store;
  readonly release: string;
  /** Plain data: all that decides what comes out. A checkpoint of anything else is not gone on from. */
  readonly identity: unknown;
  readonly everyMinutes: number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** What an interrupted training of a release had come to, and what this one comes to. */
export interface Checkpoints {
  /**
   * What `run` gives, plain data; where it had ended before an interruption, what it gave then. The keeper is for one
   * fit inside: it goes on from where it was.
   */
  phase<T>(name: string, run: (keeper: Keeper) => Promise<T>): Promise<T>;
  /** For a fit whose result is no plain data: the fit goes on from its last state. */
  keeper(name: string): Keeper;
  /** When told to stop: writes the state that is held, and tells in a sentence how that went. Never throws. */
  flush(): Promise<string>;
}

interface Held {
  readonly phase: string;
  readonly state: FitState;
}

/** Reads what an interrupted training left. One that is damaged or another's is told in the log, and training starts over. */
export async function openCheckpoints(options: CheckpointOptions): Promise<Checkpoints> {
  const { store, release, log, now = () => performance.now() } = options;
  const identity = sha256Of(canonicalJson(options.identity));
  const before = await readBefore(options, identity);
  const phases = new Map(Object.entries(before?.checkpoint.phases ?? {}));
  let live = before?.checkpoint.live ?? null;
  let held: Held | undefined;
  let writing: Promise<void> | undefined;
  let lastWrite = now();
  let stands = true;

  /** The part first, then the index that names it, then away with what it does not name. */
  async function write(fit: Held | undefined): Promise<void> {
    try {
      const next = fit ? await writePart(store, release, fit) : null;
      const content = { identity, phases: Object.fromEntries(phases), live: next };
      await store.write(keys.checkpointIndex(release), indexBytes(content));
      const before = live;
      live = next;
      stands = true;
      if (before && before.part.digest !== next?.part.digest) await forget(before);
    } catch (error) {
      log.warn({ err: error, release }, 'no checkpoint could be written');
      stands = false;
    } finally {
      lastWrite = now();
    }
  }

  /** Removes a part that no index names any more. One that stays costs room until the release is published, and no more. */
  async function forget({ part }: LiveFit): Promise<void> {
    const key = keys.checkpointPart(release, part.digest);
    await store.remove(key).catch((error: unknown) => {
      log.warn({ err: error, key }, 'a part of an older checkpoint could not be removed');
    });
  }

  /** One after the other: of two at once the older could be the one that stays. */
  function enqueue(fit: Held | undefined): Promise<void> {
    const mine = (writing ?? Promise.resolve()).then(() => write(fit));
    writing = mine;
    void mine.then(() => {
      if (writing === mine) writing = undefined;
    });
    return mine;
  }

  const keeper = (phase: string): Keeper => ({
    found: before?.state && live?.phase === phase ? before.state : undefined,
    due: () => !writing && now() - lastWrite >= options.everyMinutes * 60_000,
    keep: (state) => void enqueue({ phase, state }),
    hold: (state) => {
      held = { phase, state };
    },
    refuse: (why) =>
      log.warn({ release, phase, why }, 'the checkpoint does not fit this model: starting over'),
  });

  return {
    async phase<T>(name: string, run: (keeper: Keeper) => Promise<T>): Promise<T> {
      if (!phases.has(name)) {
        // Through JSON in either case: what is read back later must be what goes on now.
        const result = JSON.parse(JSON.stringify(await run(keeper(name))));
        phases.set(name, result);
        held = undefined;
        void enqueue(undefined);
      } else log.info({ release, phase: name }, 'this phase had ended before the interruption');
      return phases.get(name) as T;
    },
    keeper,
    async flush() {
      if (held) await enqueue(held);
      else await writing;
      if (!stands)
        return 'No checkpoint could be written: the next try begins anew, or from an older one.';
      return live || phases.size > 0
        ? 'A checkpoint was written: the next try goes on from it.'
        : 'There was nothing to keep yet.';
    },
  };
}

/** Once a release is published its checkpoints are of no use any more. Never throws. */
export async function removeCheckpoints({
  store,
  release,
  log,
}: Pick<CheckpointOptions, 'store' | 'release' | 'log'>): Promise<void> {
  try {
    for await (const { key } of store.list(keys.checkpoints(release))) await store.remove(key);
  } catch (error) {
    log.warn({ err: error, release }, 'the checkpoints of the release could not be removed');
  }
}

/** Keeps nothing: for trainings that nobody would go on with. */
export const noCheckpoints: Checkpoints = {
  phase: (_, run) => run(keepsNothing),
  keeper: () => keepsNothing,
  flush: async () => 'No checkpoints are kept.',
};

async function writePart(store: Store, release: string, fit: Held): Promise<LiveFit> {
  const { part, bytes } = packPart(fit.state);
  await store.write(keys.checkpointPart(release, part.digest), bytes);
  return { phase: fit.phase, position: fit.state.position, part };
}

async function readBefore(
  { store, release, log }: CheckpointOptions,
  identity: string,
): Promise<{ checkpoint: Checkpoint; state: FitState | undefined } | undefined> {
  const key = keys.checkpointIndex(release);
  try {
    const checkpoint = parseIndex(await store.read(key));
    if (checkpoint.identity !== identity) {
      log.warn({ key }, 'the checkpoint is of other settings or data: training starts over');
      return undefined;
    }
    const { live } = checkpoint;
    const state = live ? await readState(store, release, live) : undefined;
    const where = live && {
      phase: live.phase,
      epoch: live.position.epoch,
      batch: live.position.batch,
    };
    log.info(
      { key, ended: Object.keys(checkpoint.phases), ...where },
      'going on from a checkpoint',
    );
    return { checkpoint, state };
  } catch (error) {
    if (error instanceof StoreNotFound && error.key === key) return undefined;
    // Starting over would write over what the store may still have.
    if (error instanceof StoreUnreachable) throw error;
    log.warn({ err: error, key }, 'the checkpoint cannot be used: training starts over');
    return undefined;
  }
}
