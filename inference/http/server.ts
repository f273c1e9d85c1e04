import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StepError } from '@shelfwise/trainer-contract/messages';
import { answerUnreadable } from './unreadable.ts';

const headersTimeoutMs = 10_000;
/** Longer than load balancers keep idle connections (60 s), so that it is they who close them. */
const keepAliveTimeoutMs = 65_000;

export interface Listener {
  /** 0: any free one. */
  port: number;
  /** Of a network interface; all of them unless told. */
  address?: string | undefined;
}

/** Listens. Throws BadConfiguration when the port is taken, or the address is none of this machine's. */
export async function listen(app: RequestListener, { port, address }: Listener): Promise<Server> {
  const server = createServer(
    {
      // Bodies have a limit of their own (arrival.ts), which knows streams.
      requestTimeout: 0,
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 5_000,
    },
    app,
  );
  answerUnreadable(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new StepError(
          'BadConfiguration',
          `The port ${port} cannot be listened on: ${cause.message}.`,
          { cause },
        ),
      );
    });
    server.listen({ port, host: address }, resolve);
  });
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Takes no new connection, waits until every request is answered, at most `limitMs`. False when it had to cut some off. */
export async function drain(server: Server, limitMs: number): Promise<boolean> {
  const closed = new Promise<true>((resolve) => server.close(() => resolve(true)));
  // close() leaves kept-alive connections that were busy at that moment; they are idle once answered.
  const sweep = setInterval(() => server.closeIdleConnections(), 100);
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    limit = setTimeout(() => resolve(false), limitMs);
  });
  const complete = await Promise.race([closed, late]);
  clearInterval(sweep);
  clearTimeout(limit);
  if (!complete) server.closeAllConnections();
  return complete;
}
