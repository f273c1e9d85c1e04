import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Agent, buildConnector } from 'undici';
import type { Connection } from '../../operator/kube/connection.ts';
import { createTransport } from '../../operator/kube/transport.ts';

/** One way to the API server: each verb is one request, its answer parsed. */
export interface Client {
  name: string;
  /** Of the requests of a workload, so that the slow ones do not take all the time. */
  share: number;
  onlyLists?: true;
  get(name: string): Promise<unknown>;
  apply(name: string, value: string): Promise<unknown>;
  list(limit: number): Promise<{ items: unknown[] }>;
  close(): Promise<void>;
}

export const namespace = 'default';
const collection = `/api/v1/namespaces/${namespace}/configmaps`;

function configMap(name: string, value: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { value } };
}

/** Our own transport, without its rate limit, which is not what is measured. */
export function ours(connection: Connection, http2: boolean): Client {
  const transport = createTransport({
    ...{ connection, http2 },
    userAgent: 'bench',
    rateLimit: false,
  });
  return {
    name: http2 ? 'ours, HTTP/2' : 'ours, HTTP/1.1',
    share: 1,
    get: (name) => transport.request({ method: 'GET', path: `${collection}/${name}` }),
    apply: (name, value) =>
      transport.request({
        method: 'PATCH',
        path: `${collection}/${name}`,
        query: { fieldManager: 'bench', force: true },
        contentType: 'application/apply-patch+yaml',
        body: configMap(name, value),
      }),
    list: (limit) => transport.request({ method: 'GET', path: collection, query: { limit } }),
    close: () => transport.close(),
  };
}

/** @kubernetes/client-node as its README uses it: one KubeConfig, one API object, typed calls. */
export async function clientNode(kubeconfig: string): Promise<Client> {
  const { CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions } = await import(
    '@kubernetes/client-node'
  );
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const applying = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
  return {
    name: '@kubernetes/client-node',
    share: 0.15,
    get: (name) => api.readNamespacedConfigMap({ name, namespace }),
    apply: (name, value) =>
      api.patchNamespacedConfigMap(
        { name, namespace, body: configMap(name, value), fieldManager: 'bench', force: true },
        applying,
      ),
    list: (limit) => api.listNamespacedConfigMap({ namespace, limit }),
    close: async () => undefined,
  };
}

/** HTTP/1.1 with answers compressed, as client-go asks for them by default; only for lists: the API server compresses from 128 KiB on. */
export function compressed(connection: Connection): Client {
  const agent = new Agent({
    connect: buildConnector({ ...connection.tls(), allowH2: false }),
    allowH2: false,
  });
  const unzip = promisify(gunzip);
  async function get(path: string): Promise<never> {
    const { body, headers } = await agent.request({
      ...{ origin: connection.server, path, method: 'GET' },
      headers: { ...(await connection.headers()), 'accept-encoding': 'gzip' },
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    const plain = headers['content-encoding'] === 'gzip' ? await unzip(bytes) : bytes;
    return JSON.parse(plain.toString('utf8')) as never;
  }
  return {
    name: 'HTTP/1.1 and gzip',
    share: 1,
    onlyLists: true,
    get: (name) => get(`${collection}/${name}`),
    apply: () => Promise.reject(new Error('There is nothing to compress in an apply.')),
    list: (limit) => get(`${collection}?limit=${limit}`),
    close: () => agent.close(),
  };
}
