import type { IncomingMessage } from 'node:http';
import { whenLate } from './arrival.ts';
import { Problem } from './problems.ts';

/** The part of the process-wide budget that one request holds; given back as a whole. */
export interface Lease {
  take(bytes: number): void;
  release(): void;
}

/**
 * Bytes of request bodies held at a time by the whole process. Beyond `limit`, take() throws the problem
 * `overloaded`: a thousand large uploads at once must not end the pod.
 */
export function createByteBudget(limit: number) {
  let held = 0;
  return {
    held: () => held,
    lease(): Lease {
      let mine = 0;
      return {
        take(bytes) {
          if (held + bytes > limit) {
            const detail = 'Too many uploads are under way: try again in a moment.';
            throw new Problem('overloaded', detail, { retryAfter: 1 });
          }
          held += bytes;
          mine += bytes;
        },
        release() {
          held -= mine;
          mine = 0;
        },
      };
    },
  };
}

export type ByteBudget = ReturnType<typeof createByteBudget>;

interface Reader {
  /** May throw: the rest of the body is then read and thrown away. */
  chunk(bytes: Buffer): void;
  end(): void;
}

/**
 * Feeds the body to a reader as it comes, and refuses it once it is over `limit` bytes: by Content-Length before a byte is
 * read where there is one. On refusal the rest is drained, not reset: a client that is still sending would
 * else see a broken connection in place of the answer.
 */
function feed(
  request: IncomingMessage,
  limit: number,
  lease: Lease,
  reader: Reader,
  failed: (error: Error) => void,
): void {
  let size = 0;
  let ended = false;
  const stop = (error: Error) => {
    request.off('data', onData).off('end', onEnd).resume();
    failed(error);
  };
  const attempt = (step: () => void) => {
    try {
      step();
    } catch (error) {
      stop(error as Error);
    }
  };
  const onData = (bytes: Buffer) =>
    attempt(() => {
      size += bytes.length;
      if (size > limit) throw tooLarge(limit);
      lease.take(bytes.length);
      reader.chunk(bytes);
    });
  const onEnd = () => {
    ended = true;
    attempt(() => reader.end());
  };
  // A client that left while its token was being checked: no event comes any more.
  if (request.destroyed) {
    stop(brokenOff());
    return;
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    stop(tooLarge(limit));
    return;
  }
  whenLate(request, () => stop(tooSlow()));
  request.on('data', onData).on('end', onEnd);
  request.on('error', (cause) => stop(brokenOff(cause)));
  request.on('close', () => {
    if (!ended) stop(brokenOff());
  });
}

/** Bodies up to this size get their memory at once: a client that only says it will send much gets none for it. */
const promisedBytes = 256 * 1024;

/**
 * The whole body, in a buffer of its own. Throws `too-large`, `overloaded`, or `bad-request` when the connection broke off.
 */
export function readBody(request: IncomingMessage, limit: number, lease: Lease): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const promised = Number(request.headers['content-length'] ?? Number.NaN);
    const reader =
      promised <= Math.min(limit, promisedBytes) ? intoOne(promised, resolve) : intoMany(resolve);
    feed(request, limit, lease, reader, reject);
  });
}

function intoOne(size: number, resolve: (body: Buffer) => void): Reader {
  const body = Buffer.allocUnsafeSlow(size);
  let at = 0;
  return {
    // Never more than promised: node:http sees to that.
    chunk(bytes) {
      at += bytes.copy(body, at);
    },
    end: () => resolve(body.subarray(0, at)),
  };
}

function intoMany(resolve: (body: Buffer) => void): Reader {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    chunk(bytes) {
      chunks.push(bytes);
      size += bytes.length;
    },
    end() {
      const whole = intoOne(size, resolve);
      for (const bytes of chunks) whole.chunk(bytes);
      whole.end();
    },
  };
}

function tooLarge(limit: number): Problem {
  const detail = `The body is larger than ${limit} bytes (${limit / 2 ** 20} MiB): send a smaller image.`;
  return new Problem('too-large', detail, { part: 'body' });
}

function tooSlow(): Problem {
  const detail = 'The body took too long to come: send it faster, or a smaller image.';
  // What is still to come would be taken for the next request.
  return new Problem('too-slow', detail, { part: 'body', headers: { Connection: 'close' } });
}

function brokenOff(cause?: unknown): Problem {
  return new Problem('bad-request', 'The connection broke off before the whole body had come.', {
    part: 'body',
    cause,
  });
}
