import { expect } from 'chai';
import { waitFor } from '../hack/process/wait.ts';
import { createCaches } from './caches.ts';
import {
  answer,
  refuse,
  type ScriptedServer,
  startScriptedServer,
} from './kube/scripted-server.ts';
import { createTransport, type Transport } from './kube/transport.ts';

/** A stream of all that there is in a namespace: a ModelRelease, and nothing else. */
function initialEvents(namespace: string, plural: string): string {
  const metadata = { namespace, name: 'products', uid: `uid-${namespace}`, resourceVersion: '7' };
  const end = { resourceVersion: '8', annotations: { 'k8s.io/initial-events-end': 'true' } };
  const events = [
    ...(plural === 'modelreleases' ? [{ type: 'ADDED', object: { metadata } }] : []),
    { type: 'BOOKMARK', object: { metadata: end } },
  ];
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

describe('the caches of several namespaces', () => {
  let server: ScriptedServer;
  let transport: Transport;
  const stopping = new AbortController();
  const changed: string[] = [];
  /** `shop/jobs`: refused as long as it is in here. */
  const locked = new Set(['shop/jobs']);
  let running: Promise<unknown>;

  before(async () => {
    server = await startScriptedServer(({ url }, response) => {
      const [, namespace = '', plural = ''] =
        /\/namespaces\/([^/]+)\/([a-z]+)/.exec(url.pathname) ?? [];
      if (locked.has(`${namespace}/${plural}`))
        return refuse(response, 403, 'Forbidden', `${plural} is forbidden`);
      // After a stream that was refused it comes in pages.
      if (!url.searchParams.has('watch'))
        return answer(response, 200, { metadata: { resourceVersion: '8' }, items: [] });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(initialEvents(namespace, plural));
    });
    transport = createTransport({ connection: server.connection, userAgent: 'test' });
    const caches = createCaches(
      { transport, namespaces: ['shop', 'store'], timing: { baseDelayMs: 20, maximumDelayMs: 50 } },
      (key) => changed.push(key),
    );
    running = Promise.all(caches.all.map(({ run }) => run(stopping.signal)));
  });
  after(async () => {
    stopping.abort();
    await transport?.close();
    await server?.close();
    await running;
  });

  const heardOf = (key: string) =>
    waitFor(async () => changed.includes(key) || undefined, { what: key, limitMs: 30_000 });

  it('say whose turn it is in one while another lacks a list, of which they say nothing', async () => {
    await heardOf('store/products');
    const refusals = () =>
      server.received.filter(({ url }) => url.pathname.endsWith('/shop/jobs')).length;
    await waitFor(async () => refusals() > 2 || undefined, { what: 'refusals', limitMs: 30_000 });
    expect(changed).to.deep.equal(['store/products']);
  });

  it('say it of that one, too, once its last list is there', async () => {
    locked.clear();
    await heardOf('shop/products');
    expect(changed).to.deep.equal(['store/products', 'shop/products']);
  });
});
