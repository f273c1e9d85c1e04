import { createTally } from './tally.ts';

/** How many may go at a time: of one caller, and of all of them. Asked anew for each, as workers come and go. */
export interface TurnLimits {
  ofOne: () => number;
  ofAll: () => number;
}

/**
 * Turns for work that must leave room for others: who comes beyond a limit waits, and callers go in turn, so that one who
 * asks for thousands does not keep out another who asks for one.
 */
export function createTurns({ ofOne, ofAll }: TurnLimits) {
  /** Those who wait, by caller, the caller whose turn is next first. */
  const waiting = new Map<string, (() => void)[]>();
  const going = createTally();

  function next(): void {
    for (const [caller, queue] of waiting) {
      if (going.total() >= ofAll()) return;
      if (going.of(caller) >= ofOne()) continue;
      const start = queue.shift();
      waiting.delete(caller);
      if (queue.length > 0) waiting.set(caller, queue);
      going.begin(caller);
      start?.();
      // The map has changed under the loop: begin anew with whoever is first now.
      next();
      return;
    }
  }

  return {
    /** Resolves when it is this caller's turn. What it returns gives the turn back; to be called once. */
    async take(caller: string): Promise<() => void> {
      await new Promise<void>((resolve) => {
        const queue = waiting.get(caller);
        if (queue) queue.push(resolve);
        else waiting.set(caller, [resolve]);
        next();
      });
      return () => {
        going.end(caller);
        next();
      };
    },
    state: () => ({ going: going.total(), waiting: [...waiting.values()].flat().length }),
  };
}

export type Turns = ReturnType<typeof createTurns>;
