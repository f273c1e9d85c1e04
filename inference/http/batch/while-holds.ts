import { Problem } from '../problems.ts';
import type { Line } from './lines.ts';

/**
 * The lines for as long as the caller's token holds, which is asked for each. The first one after that comes as a problem, and is the
 * last: a batch may stay open for longer than its caller may call.
 */
export async function* whileHolds(
  lines: AsyncIterable<Line>,
  holds: () => boolean,
): AsyncGenerator<Line> {
  for await (const line of lines) {
    if (holds()) {
      yield line;
      continue;
    }
    yield { ...line, content: withdrawn() };
    return;
  }
}

function withdrawn(): Problem {
  const detail =
    'The token has expired or was revoked while the batch was open: this line and what follows are not answered. Send them again with another token.';
  return new Problem('unauthenticated', detail, { part: 'Authorization' });
}
