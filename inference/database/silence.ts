import type { Socket } from 'node:net';

/** What is used of the driver's client: a query whose last argument is told when it is over, and the socket. */
interface Connection {
  query(...args: unknown[]): unknown;
  connection?: { stream?: Socket };
}

/**
 * Closes the connection once a query has had no answer for `withinMs`. A machine that is gone closes nothing, TCP alone would wait
 * for a quarter of an hour, and knex's own timeout knows nothing of BEGIN and COMMIT.
 */
export function cutWhenSilent(connection: unknown, withinMs: number): void {
  const client = connection as Connection;
  const query = client.query.bind(client);
  client.query = (...args) => {
    const over = args.at(-1);
    if (typeof over !== 'function') return query(...args);
    const timer = setTimeout(() => {
      const silent = `The database has not answered for ${withinMs} ms.`;
      client.connection?.stream?.destroy(new Error(silent));
    }, withinMs);
    return query(...args.slice(0, -1), (...answer: unknown[]) => {
      clearTimeout(timer);
      over(...answer);
    });
  };
}
