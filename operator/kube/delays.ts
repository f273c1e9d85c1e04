import type { Clock } from './clock.ts';

/** Keys that come at a time of their own, each at most once. */
export interface Delays {
  /** The earliest of several times of one key counts. */
  add(key: string, due: number): void;
  remove(key: string): void;
  size(): number;
  clear(): void;
}

interface Entry {
  key: string;
  due: number;
  /** Where it stands in the heap. */
  at: number;
}

/**
 * One binary heap and one timer for all keys: ten thousand that wait cost as many small objects, and adding or removing one
 * costs some swaps.
 */
export function createDelays(clock: Clock, come: (key: string) => void): Delays {
  const heap: Entry[] = [];
  const entries = new Map<string, Entry>();
  let alarm: { due: number; cancel: () => void } | undefined;

  function put(entry: Entry, at: number): void {
    heap[at] = entry;
    entry.at = at;
  }

  function up(entry: Entry): void {
    for (let at = entry.at; at > 0; at = entry.at) {
      const above = heap[(at - 1) >> 1] as Entry;
      if (above.due <= entry.due) return;
      put(entry, above.at);
      put(above, at);
    }
  }

  function down(entry: Entry): void {
    for (;;) {
      const at = entry.at;
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const least = right && left && right.due < left.due ? right : left;
      if (!least || entry.due <= least.due) return;
      put(entry, least.at);
      put(least, at);
    }
  }

  function take(entry: Entry): void {
    const last = heap.pop() as Entry;
    entries.delete(entry.key);
    if (last === entry) return;
    put(last, entry.at);
    up(last);
    down(last);
  }

  /** One alarm for whoever comes first. */
  function arm(): void {
    const first = heap[0];
    if (alarm?.due === first?.due) return;
    alarm?.cancel();
    alarm = first && {
      due: first.due,
      cancel: clock.after(Math.max(0, first.due - clock.now()), ring),
    };
  }

  function ring(): void {
    alarm = undefined;
    const now = clock.now();
    const due: string[] = [];
    for (let first = heap[0]; first && first.due <= now; first = heap[0]) {
      take(first);
      due.push(first.key);
    }
    arm();
    due.forEach(come);
  }

  return {
    add(key, due) {
      const known = entries.get(key);
      if (known && known.due <= due) return;
      if (known) {
        known.due = due;
        up(known);
      } else {
        const entry = { key, due, at: heap.length };
        entries.set(key, entry);
        heap.push(entry);
        up(entry);
      }
      arm();
    },
    remove(key) {
      const known = entries.get(key);
      if (!known) return;
      take(known);
      arm();
    },
    size: () => heap.length,
    clear() {
      heap.length = 0;
      entries.clear();
      arm();
    },
  };
}
