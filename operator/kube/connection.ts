import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExecSettings, execCredential } from './exec-credential.ts';
import { type Made, remembered } from './remembered.ts';

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

/** A credential is renewed this long before it expires, so that no request carries it past that moment. */
const expiryLeeway = 10_000;

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
  const file = join(directory, 'token');
  const token = remembered(async () => {
    const read = (await readFile(file, 'utf8')).trim();
    if (read === '') throw new Error(`The token file ${file} is empty.`);
    return { value: { authorization: `Bearer ${read}` }, goodForMs: reread };
  });
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
 * pod in a cluster has no use for. After a 401 the files are read again and an exec plugin is run again.
 */
export async function kubeconfigConnection(paths: string[]): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  type Config = InstanceType<typeof KubeConfig>;

  function load(): { config: Config; exec: ExecSettings | undefined; cluster: Cluster } {
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
    const exec = config.getCurrentUser()?.exec as ExecSettings | undefined;
    // Its own way of running plugins keeps what the API server refused until it expires, if it ever does.
    config.users = config.users.map(({ exec: _, ...user }) => user);
    return { config, exec, cluster };
  }

  let loaded: ReturnType<typeof load> | undefined = load();
  const { server } = loaded.cluster;

  async function make(): Promise<Made<FromKubeConfig>> {
    loaded ??= load();
    const { config, exec, cluster } = loaded;
    const value: FromKubeConfig = { headers: {} };
    await config.applyToHTTPSOptions(value as Parameters<typeof config.applyToHTTPSOptions>[0]);
    if (value.auth)
      value.headers.authorization = `Basic ${Buffer.from(value.auth).toString('base64')}`;
    if (!exec?.command) return { value, goodForMs: reread };
    const { token, cert, key, expires } = await execCredential(exec, clusterInfo(cluster));
    if (token) value.headers.authorization = `Bearer ${token}`;
    if (cert && key) Object.assign(value, { cert, key });
    const left = expires === undefined ? Number.POSITIVE_INFINITY : expires - Date.now();
    return { value, goodForMs: left - expiryLeeway };
  }

  const options = remembered(make);
  // Once before the first handshake, so that tls() need not wait for an exec plugin.
  let latest = await options.get();
  return {
    server,
    tls: () => pickTls(latest),
    async headers() {
      latest = await options.get();
      return latest.headers;
    },
    refresh(refused) {
      if (refused !== undefined && refused !== latest.headers) return;
      loaded = undefined;
      options.forget();
    },
  };
}

interface Cluster {
  name: string;
  server: string;
  caData?: string;
  skipTLSVerify?: boolean;
  tlsServerName?: string;
}

/** What a plugin may be told about the cluster (provideClusterInfo). */
function clusterInfo({ server, caData, skipTLSVerify, tlsServerName }: Cluster) {
  return {
    server,
    ...(caData ? { 'certificate-authority-data': caData } : {}),
    ...(skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tlsServerName ? { 'tls-server-name': tlsServerName } : {}),
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
