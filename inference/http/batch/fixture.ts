import { connect, type Socket } from 'node:net';
import { type BatchAnswer, batchAnswerSchema } from '@shelfwise/inference-contract';
import { waitFor } from '../../../hack/process/wait.ts';
import type { TestService } from '../../fixtures/service.ts';

/** The answers of a body that came whole. */
export const parsed = (text: string): BatchAnswer[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => batchAnswerSchema.parse(JSON.parse(line)));

export type OpenBatch = Socket & {
  /** All that came, headers and chunks with it. */
  received: () => string;
};

/** A batch whose lines are written one by one, over a connection of its own. */
export async function openBatch(
  service: TestService,
  authorization = service.authorization,
): Promise<OpenBatch> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (data) => {
    received += data;
  });
  // A connection that is cut is what some tests wait for.
  socket.on('error', (error) => {
    received += `[${(error as NodeJS.ErrnoException).code}]`;
  });
  socket.write(
    `POST /v1/predict/batch HTTP/1.1\r\nHost: shop\r\nAuthorization: ${authorization}\r\n` +
      'Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  return Object.assign(socket, { received: () => received });
}

export const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
export const untilSeen = (socket: OpenBatch, what: RegExp) =>
  waitFor(async () => (what.test(socket.received()) ? true : undefined), {
    what: `${what} in the answer`,
    limitMs: 300_000,
  });
