import { connect, type Socket } from 'node:net';
import { requestBytes, type StoredRequest } from './request.ts';
import { createResponseReader, type Response } from './response.ts';

/** An answer and when it came, in performance.now()'s milliseconds; an error where the connection gave none. */
export type Outcome = { at: number } & ({ response: Response } | { error: string });

export interface Connection {
  /** Sends one request; its outcome is told exactly once. Only one is under way at a time. */
  send(request: Buffer, done: (outcome: Outcome) => void): void;
  close(): void;
}

/** The outcome of one request, on a connection of its own. */
export function askOnce(port: number, request: StoredRequest): Promise<Outcome> {
  const connection = createConnection(port);
  return new Promise((resolve) => {
    connection.send(requestBytes(request, `127.0.0.1:${port}`), (outcome) => {
      connection.close();
      resolve(outcome);
    });
  });
}

/** A connection that is opened when it is first needed, and anew after the server has closed it. */
export function createConnection(port: number, host = '127.0.0.1'): Connection {
  let socket: Socket | undefined;
  let waiting: ((outcome: Outcome) => void) | undefined;

  function finish(outcome: Outcome): void {
    const done = waiting;
    waiting = undefined;
    done?.(outcome);
  }

  function open(): Socket {
    const opened = connect({ port, host, noDelay: true });
    let words = 'the connection was closed before the answer';
    const read = createResponseReader((response) => {
      if (response.closes) {
        opened.end();
        if (socket === opened) socket = undefined;
      }
      finish({ at: performance.now(), response });
    });
    opened.on('data', (bytes: Buffer) => {
      try {
        read(bytes);
      } catch (error) {
        words = (error as Error).message;
        opened.destroy();
      }
    });
    opened.on('error', (error) => {
      words = error.message;
    });
    opened.on('close', () => {
      if (socket !== opened) return;
      socket = undefined;
      finish({ at: performance.now(), error: words });
    });
    return opened;
  }

  return {
    send(request, done) {
      if (waiting) throw new Error('one request is under way on this connection already');
      waiting = done;
      socket ??= open();
      socket.write(request);
    },
    close() {
      const closing = socket;
      socket = undefined;
      waiting = undefined;
      closing?.destroy();
    },
  };
}
