import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a TLS handshake with the API server needs. */
export interface TlsMaterial {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

/** Where the API server is and who we are. */
export interface Connection {
  /** URL, perhaps with a path. */
  server: string;
  /** Asked at each new TCP connection: certificates are renewed while we run. */
  tls(): TlsMaterial;
  /** Asked at each request: Authorization, perhaps Impersonate-User. */
  headers(): Promise<Record<string, string>>;
  /**
   * The API server answered 401 to these headers: the next headers() is to be a fresh one, unless there are others by now (many
   * requests are refused at once, and one run of an exec plugin is enough for them).
   */
  refresh(refused?: Record<string, string>): void;
}

/** kubelet renews a token at 80 % of its life, of 10 min at least; client-go reads the file once a minute, too. */
const reread = 60_000;

/** A pod's own ServiceAccount, from the files that the kubelet mounts and keeps current. */
export function inClusterConnection({
  host,
  port,
  directory = '/var/run/secrets/kubernetes.io/serviceaccount',
}: {
  host: string;
  port: string;
  directory?: string;
}): Connection {
  const token = remembered(async () => ({
    authorization: `Bearer ${(await readFile(join(directory, 'token'), 'utf8')).trim()}`,
  }));
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: () => ({ ca: readFileSync(join(directory, 'ca.crt')) }),
    headers: token.get,
    refresh: token.forget,
  };
}

/**
 * The current context of kubeconfig files (one, or several joined as in KUBECONFIG). Knows certificates, tokens, exec
 * plugins and what else @kubernetes/client-node knows; that is loaded only here, as it costs 50 MB of memory that a
 * pod in a cluster has no use for.
 */
export async function kubeconfigConnection(paths: string[]): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const [first, ...others] = paths;
  if (first === undefined) throw new Error('KUBECONFIG names no file.');
  config.loadFromFile(first);
  for (const path of others) {
    const other = new KubeConfig();
    other.loadFromFile(path);
    config.mergeConfig(other);
  }
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new Error(
      `The kubeconfig ${paths.join(', ')} has no cluster for its current context "${config.getCurrentContext()}"; choose another with kubectl config use-context.`,
    );
  }
  if (cluster.proxyUrl) {
    throw new Error(
      `The cluster ${cluster.name} of ${paths.join(', ')} has a proxy-url, which is not supported; connect without one.`,
    );
  }
  const options = remembered(async () => {
    const found: FromKubeConfig = { headers: {} };
    await config.applyToHTTPSOptions(found as Parameters<typeof config.applyToHTTPSOptions>[0]);
    return found;
  });
  // Once before the first handshake, so that tls() need not wait for an exec plugin.
  let latest = await options.get();
  return {
    server: cluster.server,
    tls: () => pickTls(latest),
    async headers() {
      latest = await options.get();
      const basic = latest.auth
        ? { authorization: `Basic ${Buffer.from(latest.auth).toString('base64')}` }
        : {};
      return { ...basic, ...latest.headers };
    },
    refresh: options.forget,
  };
}

interface FromKubeConfig extends TlsMaterial {
  headers: Record<string, string>;
  auth?: string;
}

function pickTls({ ca, cert, key, servername, rejectUnauthorized }: FromKubeConfig): TlsMaterial {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

/** A value that is asked for at each request and made once a minute. A failure is not remembered. */
function remembered<T>(make: () => Promise<T>): { get: () => Promise<T>; forget: () => void } {
  let value: Promise<T> | undefined;
  let since = 0;
  return {
    get() {
      if (value === undefined || performance.now() - since > reread) {
        since = performance.now();
        const made = make();
        value = made;
        made.catch(() => {
          if (value === made) value = undefined;
        });
      }
      return value;
    },
    forget() {
      value = undefined;
    },
  };
}
