import { rename, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { readClient } from './pki.ts';

/** Writes a kubeconfig with one context that speaks for `client` of the PKI, all certificates inside. */
export async function writeKubeconfig(
  path: string,
  { name, url, pki, client }: { name: string; url: string; pki: string; client: string },
): Promise<void> {
  const { ca, certificate, key } = await readClient(pki, client);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: client,
        user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: client } }],
    'current-context': name,
  };
  await writeFile(`${path}.new`, stringify(config), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
