import { setTimeout as sleep } from 'node:timers/promises';
import type { Held } from './proxy.ts';

type Act = (held: Held) => Promise<void>;

/** The API server answers what it was not asked for; nothing is done. */
export const errorAnswers = {
  // As a quota says it that somebody else changed in this moment: of a create, too.
  'conflict-409': refuse(409, 'Conflict', 'the object has been modified, says the proxy'),
  'busy-429': refuse(429, 'TooManyRequests', 'too many requests, says the proxy', 1),
  'error-500': refuse(500, 'InternalError', 'an internal error, says the proxy'),
  'timeout-504': refuse(504, 'Timeout', 'not in time, says the proxy'),
} satisfies Record<string, Act>;

/** Connections that end too early or take long. A watch is only cut before it began: what comes later is the watch faults'. */
export const httpFaults = {
  async 'reset-before'({ cut }) {
    cut();
  },
  async 'reset-after'({ entry, forward, cut }) {
    if (entry.verb !== 'watch') await forward();
    cut();
  },
  async 'half-an-answer'({ entry, forward, cut }) {
    if (entry.verb === 'watch') return cut();
    const answer = await forward();
    cut(answer, Math.floor(answer.body.length / 2));
  },
  async slow({ entry, forward, deliver, cut }) {
    await sleep(3_000);
    if (entry.verb === 'watch') return cut();
    deliver(await forward());
  },
} satisfies Record<string, Act>;

function refuse(code: number, reason: string, message: string, retryAfter?: number): Act {
  const status = { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message };
  const body = Buffer.from(JSON.stringify(status));
  const seconds = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  const headers = { 'content-type': 'application/json', ...seconds };
  return async ({ deliver }) => deliver({ code, headers, body });
}
