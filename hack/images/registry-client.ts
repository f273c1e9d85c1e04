/** What a registry knows of an image. */
export interface PushedImage {
  digest: string;
  /** Bytes that a node pulls: configuration and layers as they are stored, compressed. */
  size: number;
}

const accept = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** Asks the registry on loopback for a tag or digest; undefined when it has no such image. */
export async function inspectPushed(
  registry: string,
  name: string,
  tag: string,
): Promise<PushedImage | undefined> {
  const url = `http://${registry}/v2/${name}/manifests/${tag}`;
  const answer = await fetch(url, {
    headers: { accept: accept.join(', ') },
    signal: AbortSignal.timeout(30_000),
  }).catch((cause) => {
    throw new Error(
      `The registry ${registry} does not answer; start the cluster first: npm run -s cluster -- up`,
      { cause },
    );
  });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  const digest = answer.headers.get('docker-content-digest');
  const manifest = (await answer.json()) as {
    config: { size: number };
    layers: { size: number }[];
  };
  if (digest === null) throw new Error(`${url} names no digest.`);
  return {
    digest,
    size: manifest.layers.reduce((sum, { size }) => sum + size, manifest.config.size),
  };
}
