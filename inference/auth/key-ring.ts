import type { KeyObject } from 'node:crypto';
import { StepError } from '@shelfwise/trainer-contract/messages';
import { type KeyPair, readKeys } from './key-files.ts';

/**
 * A key signs once it has been seen for this long: the kubelet of another replica's node brings a Secret's change within two
 * minutes, and that replica reads its folder every 30 seconds, so by then every replica accepts the key.
 */
export const settleMs = 5 * 60_000;
/** A key that was taken out may have signed until it had settled that it is gone; its last token lives for 15 minutes then. */
const retireMs = settleMs + 16 * 60_000;
/** A token of an unknown kid has the folder read again, but not every one of a flood. */
const shortestReloadMs = 1_000;

interface Held extends KeyPair {
  firstSeenAt: number;
  /** Since when its file is not there any more. */
  goneSince: number | undefined;
}

/** Keys that sign and verify the tokens of our own accounts, from files `<kid>.pem` that change while the service runs. */
export interface KeyRing {
  /** The last by name of those that every replica has by now. */
  signer(): KeyPair;
  /** The key to verify with, also some minutes after its file was removed. An unknown kid has the folder read again. */
  publicKey(kid: string): KeyObject | undefined | Promise<KeyObject | undefined>;
  stillHas(kid: string, key: KeyObject): boolean;
  /** Every key that verifies. */
  all(): readonly KeyPair[];
  /** Reads the folder again. Throws where it holds what is no key, or another key under a name it knows: the old keys stay. */
  reload(): Promise<void>;
  /** What the database knows of how long ago (ms) a replica first saw a key: one that starts anew can't know by itself. */
  learnAges(ages: readonly { thumbprint: string; ageMs: number }[]): void;
}

/** Reads every `<kid>.pem` of a folder. Throws BadConfiguration naming the file that is no ES256 private key. */
export async function openKeyRing(
  dir: string,
  now: () => number = Date.now,
  read: (dir: string) => Promise<KeyPair[]> = readKeys,
): Promise<KeyRing> {
  let held = merge([], await read(dir), now());
  let reloadedAt = now();
  const find = (kid: string) => held.find((key) => key.kid === kid && !isOver(key, now()));

  async function reload(): Promise<void> {
    reloadedAt = now();
    const found = await read(dir);
    held = merge(held, found, now());
  }

  return {
    signer: () => chooseSigner(held, now()),
    publicKey(kid) {
      const known = find(kid);
      if (known || now() - reloadedAt < shortestReloadMs) return known?.publicKey;
      // A folder that cannot be read is told of by whoever reloads it now and then.
      return reload().then(
        () => find(kid)?.publicKey,
        () => undefined,
      );
    },
    stillHas: (kid, key) => find(kid)?.publicKey === key,
    all: () => held.filter((key) => !isOver(key, now())),
    reload,
    learnAges(ages) {
      const byThumbprint = new Map(ages.map(({ thumbprint, ageMs }) => [thumbprint, ageMs]));
      held = held.map((key) => {
        const age = byThumbprint.get(key.thumbprint);
        if (age === undefined) return key;
        return { ...key, firstSeenAt: Math.min(key.firstSeenAt, now() - age) };
      });
    },
  };
}

/** What is held after the folder was read: new keys with the time, known ones as they were, missing ones for a while yet. */
function merge(before: readonly Held[], found: readonly KeyPair[], now: number): Held[] {
  const present = found.map((key): Held => {
    const known = before.find(({ kid }) => kid === key.kid);
    if (!known) return { ...key, firstSeenAt: now, goneSince: undefined };
    if (known.thumbprint !== key.thumbprint) throw replaced(key.kid);
    return { ...known, goneSince: undefined };
  });
  const gone = before
    .filter(({ kid }) => !found.some((key) => key.kid === kid))
    .map((key) => ({ ...key, goneSince: key.goneSince ?? now }))
    .filter((key) => !isOver(key, now));
  return [...present, ...gone];
}

const isOver = ({ goneSince }: Held, now: number) =>
  goneSince !== undefined && now - goneSince > retireMs;

/**
 * The last by name of the keys that have settled; one that is being taken out only while no other has settled. Where none has
 * (a service that is new), the one that was seen first.
 */
function chooseSigner(held: readonly Held[], now: number): KeyPair {
  const byName = held.toSorted((a, b) => (a.kid < b.kid ? -1 : 1));
  const settled = byName.filter(({ firstSeenAt }) => now - firstSeenAt >= settleMs);
  const usable = settled.filter(
    ({ goneSince }) => goneSince === undefined || now - goneSince < settleMs,
  );
  const chosen = usable.findLast(({ goneSince }) => goneSince === undefined) ?? usable.at(-1);
  if (chosen) return chosen;
  const present = byName.filter(({ goneSince }) => goneSince === undefined);
  const first = Math.min(...present.map(({ firstSeenAt }) => firstSeenAt));
  return present.findLast(({ firstSeenAt }) => firstSeenAt === first) as KeyPair;
}

function replaced(kid: string): StepError {
  const detail = `The token key ${kid}.pem is another one than before under the same name: give a new key a name of its own, which sorts last.`;
  return new StepError('BadConfiguration', detail);
}
