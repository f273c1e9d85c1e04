import type { Held } from './proxy.ts';

/** What a fault can do to the operators of its life. */
export interface Hands {
  kill(slot: string): Promise<void>;
  /** Stops the process, waits until another one leads, and lets it go on. */
  pauseUntilSucceeded(slot: string): Promise<void>;
}

type Act = (held: Held, hands: Hands) => Promise<void>;

/** What happens to the process that writes, and to the write. */
export const processFaults = {
  async 'killed-before'({ entry, cut }, { kill }) {
    await kill(entry.slot);
    cut();
  },
  async 'killed-after'({ entry, forward, cut }, { kill }) {
    await forward();
    await kill(entry.slot);
    cut();
  },
  async 'answer-lost'({ forward, cut }) {
    await forward();
    cut();
  },
  // It is under way while its sender sleeps, and arrives when another leads: only its own preconditions can stop it.
  async 'paused-before'({ entry, forward, deliver }, { pauseUntilSucceeded }) {
    await pauseUntilSucceeded(entry.slot);
    deliver(await forward());
  },
  async 'paused-after'({ entry, forward, deliver }, { pauseUntilSucceeded }) {
    const answer = await forward();
    await pauseUntilSucceeded(entry.slot);
    deliver(answer);
  },
} satisfies Record<string, Act>;
