import type { IncomingMessage } from 'node:http';
import type { Middleware } from './state.ts';

interface Arrival {
  timer: NodeJS.Timeout;
  late: () => void;
}

const arrivals = new WeakMap<IncomingMessage, Arrival>();

/**
 * Ends requests whose body does not come to its end in `limitMs`: those that somebody reads are answered (`whenLate`), the
 * rest are cut off. In place of Node's own requestTimeout, which makes no exception for streams (`takesItsTime`).
 */
export function arrivalLimit(limitMs: number): Middleware {
  return (ctx, next) => {
    const { req } = ctx;
    const { headers } = req;
    const has =
      headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
    if (has) {
      const arrival: Arrival = {
        late: () => req.socket.destroy(),
        timer: setTimeout(() => {
          const { late } = arrival;
          arrival.late = () => req.socket.destroy();
          late();
          // What is answered now may still be sent to, by a client that does not listen.
          arrival.timer.refresh();
        }, limitMs),
      };
      arrival.timer.unref();
      arrivals.set(req, arrival);
      const arrived = () => clearTimeout(arrival.timer);
      req.once('end', arrived).once('close', arrived);
    }
    return next();
  };
}

/** What to do in place of cutting the connection when the body is late. */
export function whenLate(request: IncomingMessage, late: () => void): void {
  const arrival = arrivals.get(request);
  if (arrival) arrival.late = late;
}

/** For streams, which take as long as they take: whoever reads them watches over them. */
export function takesItsTime(request: IncomingMessage): void {
  clearTimeout(arrivals.get(request)?.timer);
  arrivals.delete(request);
}
