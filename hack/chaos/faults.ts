/** The faults, what each is counted by, and how each is written down: `killed-before:17`. */
import type { Entry } from './journal.ts';
import type { Strike } from './proxy.ts';
import { errorAnswers, httpFaults } from './strike-request.ts';
import { watchFaults } from './strike-watch.ts';
import { type Hands, processFaults } from './strike-write.ts';

export interface Fault {
  kind: Kind;
  /** Which write, request or watch event of its life it strikes, from 1. */
  nth: number;
}

/** What counts the faults of a kind. */
export type Count = 'write' | 'request' | 'event';

export const kinds = {
  'killed-before': 'write',
  'killed-after': 'write',
  'answer-lost': 'write',
  // Two operators, of which one leads by a Lease: the leader stands still from this write on until the other leads.
  'paused-before': 'write',
  'paused-after': 'write',
  'conflict-409': 'write',
  'busy-429': 'request',
  'error-500': 'request',
  'timeout-504': 'request',
  'reset-before': 'request',
  'reset-after': 'request',
  'half-an-answer': 'request',
  slow: 'request',
  'watch-held': 'event',
  'watch-cut': 'event',
  'watch-lost-410': 'event',
  'watch-reordered': 'event',
  'watch-doubled': 'event',
  'watch-half-a-line': 'event',
  'watch-410': 'event',
  'watch-500': 'event',
  'watch-silent': 'event',
} as const satisfies Record<string, Count>;

export type Kind = keyof typeof kinds;

export function needsTwo({ kind }: Fault): boolean {
  return kind.startsWith('paused-');
}

export function nameOf({ kind, nth }: Fault): string {
  return `${kind}:${nth}`;
}

/** Throws one sentence that names the kinds there are. */
export function parseFault(name: string): Fault {
  const [kind = '', nth = ''] = name.split(':');
  if (!(kind in kinds) || !/^[1-9]\d*$/.test(nth))
    throw new Error(
      `"${name}" is no fault: write KIND:N, with KIND one of ${Object.keys(kinds).join(', ')}.`,
    );
  return { kind: kind as Kind, nth: Number(nth) };
}

export interface ArmedFault extends Strike {
  /** What it struck, in words; undefined: this life never came so far. */
  struck(): string | undefined;
}

/** Nothing happens but what is counted. */
export const noFault: ArmedFault = { struck: () => undefined };

export function arm(fault: Fault, hands: Hands): ArmedFault {
  const { kind, nth } = fault;
  let struck: string | undefined;
  const count = kinds[kind];
  if (count === 'event') {
    return {
      struck: () => struck,
      event(event) {
        if (event !== nth) return undefined;
        struck = `watch event ${nth}`;
        return watchFaults[kind as keyof typeof watchFaults]();
      },
    };
  }
  const isIt = (entry: Entry) => (count === 'write' ? entry.write : entry.nth) === nth;
  const act =
    kind in processFaults
      ? processFaults[kind as keyof typeof processFaults]
      : kind in errorAnswers
        ? errorAnswers[kind as keyof typeof errorAnswers]
        : httpFaults[kind as keyof typeof httpFaults];
  return {
    struck: () => struck,
    request(held) {
      if (!isIt(held.entry)) return undefined;
      const { verb, resource, object } = held.entry;
      struck = `${verb} ${resource} ${object}`;
      return act(held, hands);
    },
  };
}
