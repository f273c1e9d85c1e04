import type { ByteBudget, Lease } from '../body.ts';
import { Problem } from '../problems.ts';

/** One line of a body, counted from 1. Its bytes are of a lease of its own, for whoever is done with it to give back. */
export interface Line {
  number: number;
  content: Buffer | Problem;
  lease: Lease;
}

const newline = 0x0a;

/**
 * The lines of a stream of bytes, without those that are blank. A line that is longer than `limitBytes`, or for which the
 * budget has no room, comes as a Problem as soon as that is known; the rest of it is thrown away.
 */
export async function* linesOf(
  bytes: AsyncIterable<Buffer>,
  { limitBytes, budget }: { limitBytes: number; budget: ByteBudget },
): AsyncGenerator<Line> {
  let number = 1;
  let lease = budget.lease();
  let kept: Buffer[] = [];
  let size = 0;
  let refused = false;

  function keep(part: Buffer): Line | undefined {
    if (refused) return undefined;
    try {
      size += part.length;
      if (size > limitBytes) throw tooLong(limitBytes);
      lease.take(part.length);
      kept.push(part);
      return undefined;
    } catch (problem) {
      refused = true;
      kept = [];
      return { number, content: problem as Problem, lease };
    }
  }

  /** The line that ends here, if there is something in it. */
  function end(): Line | undefined {
    const content = Buffer.concat(kept);
    const line = !refused && !isBlank(content) ? { number, content, lease } : undefined;
    if (!line && !refused) lease.release();
    number++;
    lease = budget.lease();
    kept = [];
    size = 0;
    refused = false;
    return line;
  }

  try {
    for await (const chunk of bytes) {
      let from = 0;
      while (from <= chunk.length) {
        const at = chunk.indexOf(newline, from);
        const refusal = keep(chunk.subarray(from, at === -1 ? chunk.length : at));
        if (refusal) yield refusal;
        if (at === -1) break;
        const line = end();
        if (line) yield line;
        from = at + 1;
      }
    }
    const last = end();
    if (last) yield last;
  } finally {
    lease.release();
  }
}

function isBlank(content: Buffer): boolean {
  return content.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function tooLong(limitBytes: number): Problem {
  const detail = `The line is longer than ${limitBytes} bytes (${limitBytes / 2 ** 20} MiB): send a smaller image.`;
  return new Problem('too-large', detail, { part: 'line' });
}
