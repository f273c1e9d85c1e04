import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import type { KeyPair } from './key-files.ts';
import { type KeyRing, openKeyRing, settleMs } from './key-ring.ts';

const minute = 60_000;
const lifetimeMs = 15 * minute;
const pool = new Map<string, KeyPair>();
/** A key of that name, always the same one. */
function pair(kid: string): KeyPair {
  const known = pool.get(kid);
  if (known) return known;
  const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { kid, thumbprint: `of ${kid}`, ...made };
  pool.set(kid, key);
  return key;
}

/** A folder whose files can be changed, and a clock. */
function world(...kids: string[]) {
  const seen = { kids, time: 1_000_000_000, reads: 0 };
  const read = async () => {
    seen.reads++;
    return seen.kids.toSorted().map(pair);
  };
  return { seen, open: () => openKeyRing('', () => seen.time, read) };
}

describe('the ring of token keys', () => {
  it('signs with the last by name when the service is new', async () => {
    const { open } = world('a', 'b');
    expect((await open()).signer().kid).to.equal('b');
  });

  it('accepts a new key at once and signs with it once every replica has it', async () => {
    const { seen, open } = world('a');
    const ring = await open();
    seen.time += 60 * minute;
    seen.kids = ['a', 'b'];
    await ring.reload();
    expect([ring.signer().kid, await ring.publicKey('b')]).to.deep.equal([
      'a',
      pair('b').publicKey,
    ]);
    seen.time += settleMs - 1;
    expect(ring.signer().kid).to.equal('a');
    seen.time += 1;
    expect(ring.signer().kid).to.equal('b');
  });

  it('that is opened anew signs with what the others sign with, by the ages that the database knows', async () => {
    const { seen, open } = world('a', 'b');
    const ring = await open();
    ring.learnAges([
      { thumbprint: 'of a', ageMs: 60 * minute },
      { thumbprint: 'of b', ageMs: minute },
    ]);
    expect(ring.signer().kid).to.equal('a');
    seen.time += settleMs - minute;
    expect(ring.signer().kid).to.equal('b');
  });

  it('accepts a key that was removed until its last token has expired, and no longer', async () => {
    const { seen, open } = world('a', 'b');
    const ring = await open();
    seen.time += 60 * minute;
    seen.kids = ['b'];
    await ring.reload();
    const { publicKey } = pair('a');
    seen.time += settleMs + lifetimeMs;
    expect([await ring.publicKey('a'), ring.stillHas('a', publicKey)]).to.deep.equal([
      publicKey,
      true,
    ]);
    seen.time += 2 * minute;
    await ring.reload();
    expect([await ring.publicKey('a'), ring.stillHas('a', publicKey)]).to.deep.equal([
      undefined,
      false,
    ]);
    expect(ring.all().map(({ kid }) => kid)).to.deep.equal(['b']);
  });

  it('signs with the old key for a while where it was exchanged for the new one in one go', async () => {
    const { seen, open } = world('a');
    const ring = await open();
    seen.time += 60 * minute;
    seen.kids = ['b'];
    await ring.reload();
    expect(ring.signer().kid).to.equal('a');
    seen.time += settleMs;
    expect(ring.signer().kid).to.equal('b');
  });

  it('refuses another key under a name it knows, and keeps the one it has', async () => {
    const keys = { now: pair('a') };
    const ring = await openKeyRing('', Date.now, async () => [keys.now]);
    keys.now = { ...pair('b'), kid: 'a' };
    const error = await ring.reload().catch((reason: unknown) => reason);
    expect(String(error)).to.contain('a.pem is another one than before under the same name');
    expect(ring.signer().thumbprint).to.equal('of a');
  });

  it('reads the folder again for an unknown kid, once a second however many come', async () => {
    const { seen, open } = world('a');
    const ring = await open();
    seen.time += 1_000;
    seen.kids = ['a', 'b'];
    expect(await ring.publicKey('b')).to.equal(pair('b').publicKey);
    for (let i = 0; i < 1_000; i++) await ring.publicKey(`made-up-${i}`);
    expect(seen.reads).to.equal(2);
    seen.kids = ['a', 'b', 'c'];
    seen.time += 1_000;
    expect(await ring.publicKey('c')).to.equal(pair('c').publicKey);
  });

  it('of every replica accepts what any replica signs, whenever each of them sees a change or starts anew', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ minutes: fc.integer({ min: 25, max: 90 }), restart: fc.nat(2) }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 12, maxLength: 12 }),
        fc.integer({ min: 0, max: 29 }),
        rotate,
      ),
      { numRuns: 40 },
    );
  });
});

interface Step {
  minutes: number;
  /** Which replica, if any, starts anew half a minute after the key was added. */
  restart: number;
}

/**
 * Two replicas through rotations as docs/security.md tells them: a key is added, and after `minutes` (more than 20) the older one
 * removed. The kubelet of each brings each change after its own delay (at most 120 s); the folder is read every 30 s.
 */
async function rotate(steps: Step[], delays: number[], phase: number): Promise<void> {
  let time = 1_000_000_000_000;
  const firstSeen = new Map<string, number>();
  const changes: { at: number; kids: string[] }[] = [{ at: 0, kids: ['k00'] }];
  const replicas: { ring: KeyRing; delay: () => number }[] = [];
  let drawn = 0;
  const folderOf = (delaySeconds: number) => async () =>
    (changes.findLast(({ at }) => at + delaySeconds * 1000 <= time)?.kids ?? []).map(pair);
  async function start(): Promise<{ ring: KeyRing; delay: () => number }> {
    const seconds = delays[drawn++ % delays.length] as number;
    // A pod that starts gets the Secret as it is.
    const startedAt = time;
    const late = folderOf(seconds);
    const fresh = folderOf(0);
    const atStart = (await fresh()).map(({ kid }) => kid);
    const read = async () => {
      const found = await late();
      const stale =
        (changes.findLast(({ at }) => at <= startedAt)?.at ?? 0) + seconds * 1000 > time;
      return stale ? atStart.map(pair) : found;
    };
    const ring = await openKeyRing('', () => time, read);
    share(ring);
    return { ring, delay: () => seconds };
  }
  function share(ring: KeyRing): void {
    for (const { thumbprint } of ring.all())
      firstSeen.set(thumbprint, firstSeen.get(thumbprint) ?? time);
    ring.learnAges([...firstSeen].map(([thumbprint, at]) => ({ thumbprint, ageMs: time - at })));
  }
  const tokens: { kid: string; until: number }[] = [];
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 10) {
      time += 10_000;
      for (const [at, { ring }] of replicas.entries()) {
        if ((Math.floor(time / 1000) + phase + at * 10) % 30 < 10) {
          await ring.reload();
          share(ring);
        }
        tokens.push({ kid: ring.signer().kid, until: time + lifetimeMs });
      }
      const valid = new Set(tokens.filter(({ until }) => until > time).map(({ kid }) => kid));
      tokens.splice(0, Math.max(0, tokens.length - 400));
      for (const { ring } of replicas) {
        for (const kid of valid) {
          if (!(await ring.publicKey(kid))) throw new Error(`a replica does not accept ${kid}`);
        }
      }
    }
  }

  replicas.push(await start(), await start());
  await pass(600);
  for (const [at, { minutes, restart }] of steps.entries()) {
    const older = `k${String(at).padStart(2, '0')}`;
    const newer = `k${String(at + 1).padStart(2, '0')}`;
    changes.push({ at: time, kids: [older, newer] });
    await pass(30);
    if (restart < 2) replicas[restart] = await start();
    await pass(minutes * 60);
    changes.push({ at: time, kids: [newer] });
    await pass(300);
  }
}
