import { createConnection } from './connection.ts';
import { createTally, type Ends } from './tally.ts';

/** Each connection sends its next request as soon as it has its answer: shows what a server can do. */
export interface ClosedLoop {
  kind: 'closed';
  port: number;
  connections: number;
  seconds: number;
}

export interface ClosedLoopResult extends Ends {
  seconds: number;
  requestsPerSecond: number;
}

/** Sends the requests in turn over all connections until the time is over; the last ones are waited for. */
export async function runClosedLoop(
  { port, connections, seconds }: ClosedLoop,
  requests: readonly Buffer[],
): Promise<ClosedLoopResult> {
  const tally = createTally();
  const started = performance.now();
  const until = started + seconds * 1000;
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, () => {
      const connection = createConnection(port);
      return new Promise<void>((resolve) => {
        const ask = () => {
          const sent = performance.now();
          if (sent >= until) {
            connection.close();
            resolve();
            return;
          }
          connection.send(requests[next++ % requests.length] as Buffer, (outcome) => {
            tally.add(outcome, outcome.at - sent);
            ask();
          });
        };
        ask();
      });
    }),
  );
  const took = (performance.now() - started) / 1000;
  return { ...tally.ends(), seconds: took, requestsPerSecond: tally.answered() / took };
}
