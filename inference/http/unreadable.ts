import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem } from './problems.ts';

/** Answers what is no request (Node's parser gives up on it before there is one) with a problem document, too, and hangs up. */
export function answerUnreadable(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // The client went away, or is being answered already.
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end(responseOf(problemOf(error)));
  });
}

function problemOf(error: NodeJS.ErrnoException): Problem {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    const detail =
      'The headers are larger than 16 KiB in all: leave out what this service needs not.';
    return new Problem('headers-too-large', detail, { part: 'headers' });
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('too-slow', 'The headers took too long to come.', { part: 'headers' });
  }
  const reason = (error as { reason?: string }).reason ?? error.message;
  return new Problem('bad-request', `This is no HTTP request: ${reason}.`, { part: 'request' });
}

/** The whole response as it goes over the wire: there is no request that one could answer by other means. */
function responseOf(problem: Problem): string {
  const requestId = randomUUID();
  const { title: reason, ...rest } = problem.document(requestId);
  const body = JSON.stringify({ title: reason, ...rest });
  return [
    `HTTP/1.1 ${problem.status} ${reason}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
