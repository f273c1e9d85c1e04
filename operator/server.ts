import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface ServerOptions {
  port: number;
  registry: Registry;
  /** What is still missing; nothing missing is ready. */
  missing: () => string[];
}

export interface Server {
  port: number;
  close(): Promise<void>;
}

/** /healthz: the process answers. /readyz: its caches are complete. /metrics: for Prometheus. */
export async function startServer({ port, registry, missing }: ServerOptions): Promise<Server> {
  const pages: Record<string, () => Promise<[number, string, string?]>> = {
    '/healthz': async () => [200, 'ok\n'],
    '/readyz': async () => {
      const absent = missing();
      return absent.length === 0
        ? [200, 'ok\n']
        : [503, `not ready, without: ${absent.join(', ')}\n`];
    },
    '/metrics': async () => [200, await registry.metrics(), registry.contentType],
  };
  const server = createServer(async (request, response) => {
    // Not by URL: it throws for "//", and what is thrown here would end the operator.
    const page = pages[request.url?.split('?')[0] ?? ''];
    const found = page
      ? await page()
      : ([404, `There is ${Object.keys(pages).join(', ')}.\n`] as const);
    const [status, body, type = 'text/plain; charset=utf-8'] = found;
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
