import { Agent, request } from 'undici';

/** Key sets come as application/jwk-set+json and as nothing else: asked for plain JSON, the apiserver answers 406. */
const accept = 'application/json, application/jwk-set+json';
const timeoutMs = 5_000;
const largestAnswer = 1024 * 1024;

export interface GetJsonSettings {
  /** Certificate authorities (PEM) instead of the system's. */
  ca?: Buffer | undefined;
  /** To send as Bearer. */
  token?: string;
}

/** The JSON at an address, over a connection of its own. Rejects unless it is answered with 200 and no more than 1 MiB in time. */
export async function getJson(url: URL, { ca, token }: GetJsonSettings): Promise<unknown> {
  const dispatcher = new Agent({ maxResponseSize: largestAnswer, ...(ca && { connect: { ca } }) });
  try {
    const answer = await request(url, {
      dispatcher,
      headers: { accept, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const body = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`GET ${url} answered ${answer.statusCode}: ${body.slice(0, 200)}`);
    return JSON.parse(body) as unknown;
  } finally {
    await dispatcher.close();
  }
}
