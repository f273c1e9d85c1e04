import { request } from 'node:https';
import type { ClientFiles } from './pki.ts';

/** Asks a component over TLS, with a client certificate or as nobody; the status and the text of its answer. */
export function ask(
  url: string,
  client: Pick<ClientFiles, 'ca'> & Partial<ClientFiles>,
  timeoutMs = 5000,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      ca: client.ca,
      cert: client.certificate,
      key: client.key,
      timeout: timeoutMs,
      agent: false,
    };
    const asked = request(url, options, (answer) => {
      const parts: string[] = [];
      answer.setEncoding('utf8').on('data', (part: string) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: parts.join('') }));
      answer.on('error', reject);
    });
    asked.on('timeout', () =>
      asked.destroy(new Error(`${url} did not answer within ${timeoutMs} ms`)),
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** True when the URL answers 200; throws with the answer's own words when it answers something else. */
export async function answersWell(url: string, client: ClientFiles): Promise<true> {
  const { status, text } = await ask(url, client);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${text.slice(0, 500)}`);
  return true;
}
