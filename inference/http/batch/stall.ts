import type { Socket } from 'node:net';
import type { Context } from '../state.ts';

interface Timer {
  refresh(): void;
  stop(): void;
}

function startTimer(due: () => void, limitMs: number): Timer {
  const timer = setTimeout(due, limitMs).unref();
  return { refresh: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

/**
 * Cuts a stream's connection once nothing has moved on it for `limitMs` (noticed after twice that at the latest): a client that
 * neither sends nor reads would hold its place for ever. It then sees an answer that breaks off, which cannot be taken for a
 * whole one. Where the answer ends before the body does, the rest is read and thrown away for `limitMs`, as who still
 * sends would else see a broken connection in place of the answer.
 */
export function watchStall(ctx: Context, limitMs: number, start = startTimer) {
  const { req, res } = ctx;
  const { socket } = req;
  let sent = sentBy(socket);
  let answered = false;

  function look(): void {
    const now = sentBy(socket);
    if (answered || now === sent) {
      socket.destroy();
      return;
    }
    sent = now;
    timer.refresh();
  }
  const timer = start(look, limitMs);
  const moved = () => {
    if (!answered) timer.refresh();
  };

  res.once('close', () => {
    if (req.complete || req.destroyed) {
      timer.stop();
      return;
    }
    answered = true;
    timer.refresh();
    req.once('close', timer.stop);
  });
  return {
    moved,
    /** The body, whose every chunk counts as movement. */
    async *body(): AsyncGenerator<Buffer> {
      try {
        for await (const chunk of req.iterator({ destroyOnReturn: false })) {
          moved();
          yield chunk as Buffer;
        }
      } finally {
        req.resume();
      }
    },
  };
}

/** What has left for the client: bytesWritten alone counts what waits in the process, too. */
const sentBy = (socket: Socket) => socket.bytesWritten - socket.writableLength;
