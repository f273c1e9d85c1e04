import { readFile } from 'node:fs/promises';
import type { IssuerSource } from './cluster-issuer.ts';
import { getJson } from './get-json.ts';

export interface ApiserverSettings {
  url: string;
  caFile: string;
  tokenFile: string;
}

/** The apiserver as a pod reaches it: its CA and this pod's token, read again each time since the kubelet renews them. */
export function apiserverSource({ url, caFile, tokenFile }: ApiserverSettings): IssuerSource {
  return {
    async get(path) {
      const [ca, token] = await Promise.all([readFile(caFile), readFile(tokenFile, 'utf8')]);
      return getJson(new URL(path, url), { ca, token: token.trim() });
    },
  };
}
