import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import type { IssuerSource } from './cluster-issuer.ts';

export interface ApiserverSettings {
  url: string;
  caFile: string;
  tokenFile: string;
}

/** The keys come as application/jwk-set+json and as nothing else: asked for plain JSON, the apiserver answers 406. */
const accept = 'application/json, application/jwk-set+json';
const timeoutMs = 5_000;
const largestAnswer = 1024 * 1024;

/** The apiserver as a pod reaches it: its CA and this pod's token, read again each time since the kubelet renews them. */
export function apiserverSource({ url, caFile, tokenFile }: ApiserverSettings): IssuerSource {
  return {
    async get(path) {
      const [ca, token] = await Promise.all([readFile(caFile), readFile(tokenFile, 'utf8')]);
      const dispatcher = new Agent({ connect: { ca }, maxResponseSize: largestAnswer });
      try {
        const answer = await request(new URL(path, url), {
          dispatcher,
          headers: { authorization: `Bearer ${token.trim()}`, accept },
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
        });
        const body = await answer.body.text();
        if (answer.statusCode !== 200) {
          throw new Error(
            `GET ${path} of the apiserver ${url} answered ${answer.statusCode}: ${body.slice(0, 200)}`,
          );
        }
        return JSON.parse(body) as unknown;
      } finally {
        await dispatcher.close();
      }
    },
  };
}
