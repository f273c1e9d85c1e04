import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../trainer/fit/random.ts';
import { type Connection, createConnection } from './connection.ts';
import { type Spread, spreadOf } from './latencies.ts';
import { createTally, type Ends, failures } from './tally.ts';

/**
 * Requests come when they come, whether or not the server keeps up. Times count from when a request was meant to be sent: a
 * generator or a server that falls behind cannot hide it.
 */
export interface OpenLoop {
  kind: 'open';
  port: number;
  /** Requests a second, on average. */
  rate: number;
  seconds: number;
  /** Evenly, or at random as from many callers that do not know of each other (a Poisson process). */
  arrivals: 'steady' | 'poisson';
}

export interface OpenLoopResult extends Ends {
  seconds: number;
  sent: number;
  /** How it went in each second of sending. */
  bySecond: { answered: number; failed: number; p99: number }[];
  /** Milliseconds by which requests were sent later than meant: the generator's own. */
  late: Spread;
  /** Requests for which there was no connection left to send them with. */
  unsent: number;
}

/** More than a server's queue and its refusals ever hold at a time. */
const mostConnections = 4_000;
/** How long after the last request an answer is waited for. */
const patienceMs = 30_000;

export async function runOpenLoop(
  { port, rate, seconds, arrivals }: OpenLoop,
  requests: readonly Buffer[],
): Promise<OpenLoopResult> {
  const all = createTally();
  const eachSecond = Array.from({ length: Math.ceil(seconds) }, createTally);
  const idle: Connection[] = [];
  const late: number[] = [];
  // The same arrivals in every run.
  const random = createRandom(1);
  const gap = () => (arrivals === 'steady' ? 1000 : -Math.log(1 - random()) * 1000) / rate;
  let open = 0;
  let underWay = 0;
  let unsent = 0;
  let sent = 0;
  const started = performance.now();

  function send(meant: number): void {
    let connection = idle.pop();
    if (!connection && open < mostConnections) {
      connection = createConnection(port);
      open++;
    }
    if (!connection) {
      unsent++;
      return;
    }
    const own = connection;
    late.push(performance.now() - meant);
    underWay++;
    own.send(requests[sent++ % requests.length] as Buffer, (outcome) => {
      underWay--;
      idle.push(own);
      all.add(outcome, outcome.at - meant);
      eachSecond[Math.floor((meant - started) / 1000)]?.add(outcome, outcome.at - meant);
    });
  }

  let next = started;
  const end = started + seconds * 1000;
  while (next < end) {
    const now = performance.now();
    for (; next <= now && next < end; next += gap()) send(next);
    await sleep(Math.max(1, Math.min(next - performance.now(), 50)));
  }
  const took = (performance.now() - started) / 1000;
  const deadline = performance.now() + patienceMs;
  while (underWay > 0 && performance.now() < deadline) await sleep(5);
  for (const connection of idle) connection.close();
  const ends = all.ends();
  if (underWay > 0) ends.errors[`no answer in ${patienceMs / 1000} s`] = underWay;
  return {
    ...ends,
    seconds: took,
    sent,
    unsent,
    late: spreadOf(late),
    bySecond: eachSecond.map((tally) => {
      const own = tally.ends();
      const { count, p99 } = own.answered;
      return { answered: count, failed: failures(own), p99 };
    }),
  };
}
