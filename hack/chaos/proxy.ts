/** Stands between one operator and the API server, passes everything on, and lets a fault take a request or a watch over. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ControlPlane } from '../cluster/control-plane.ts';
import type { Entry, Journal } from './journal.ts';

export interface Answer {
  code: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A request that waits at the proxy. */
export interface Held {
  entry: Entry;
  /** Asks the API server. */
  forward(): Promise<Answer>;
  /** Passes its answer on. */
  deliver(answer: Answer): void;
  /** Cuts the operator's connection: after the first `bytes` of the answer, if one is given. */
  cut(answer?: Answer, bytes?: number): void;
}

/** A watch on its way to the operator. */
export interface WatchStream {
  send(line: string): void;
  /** Sends half of a line and cuts the connection. */
  half(line: string): void;
  cut(): void;
  end(): void;
  /** From now on the operator hears nothing, not even that the API server ended the watch. */
  silence(): void;
}

export interface Strike {
  /** Takes this request over, or leaves it (undefined) to be passed on. */
  request?(held: Held): Promise<void> | undefined;
  /** Takes over a watch from its struck event on: what is returned gets this line and every later one. */
  event?(nth: number): ((line: string, stream: WatchStream) => void) | undefined;
}

/** What a proxy needs to stand in for an API server. */
export interface Upstream {
  /** https URL of the API server, and the CA that vouches for it. */
  server: string;
  ca: Buffer;
  /** What the proxy itself shows: a certificate of the same CA. */
  certificate: { cert: Buffer; key: Buffer };
}

export async function upstreamOf({ kubeconfig, url }: ControlPlane): Promise<Upstream> {
  const pki = (file: string) => readFile(join(dirname(kubeconfig), 'pki', file));
  const certificate = { cert: await pki('server.crt'), key: await pki('server.key') };
  return { server: url, ca: await pki('ca.crt'), certificate };
}

export interface ProxyOptions extends Upstream {
  journal: Journal;
  /** Which operator this proxy is for. */
  slot: string;
  strike: Strike;
}

export interface FaultProxy {
  url: string;
  close(): Promise<void>;
}

export async function startProxy(options: ProxyOptions): Promise<FaultProxy> {
  const { journal, slot, strike } = options;
  const base = new URL(options.server);
  const agent = new Agent({ keepAlive: true, ca: options.ca });
  const server = createServer(
    { ...options.certificate, keepAliveTimeout: 60_000 },
    (incoming, outgoing) => {
      // What the operator gave up is nobody's any more; it is not an error of the proxy.
      serve(incoming, outgoing).catch(() => outgoing.destroy());
    },
  );

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = incoming;
    const body = await text(incoming);
    const url = new URL(incoming.url ?? '/', base);
    const entry = journal.add(slot, method, url, body);
    const ask = async (): Promise<IncomingMessage> => {
      const { host: _, connection: __, ...rest } = headers;
      const asked = httpsRequest(url, { method, agent, headers: { ...rest, host: base.host } });
      // A write goes on without who asked for it; a watch would go on for ever.
      if (entry.verb === 'watch') outgoing.once('close', () => asked.destroy());
      asked.end(body);
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      entry.code = answer.statusCode ?? 0;
      return answer;
    };
    const held: Held = {
      entry,
      async forward() {
        const answer = await ask();
        const chunks: Buffer[] = await answer.toArray();
        return { code: entry.code, headers: answer.headers, body: Buffer.concat(chunks) };
      },
      deliver({ code, headers: sent, body: content }) {
        const { 'transfer-encoding': _, connection: __, ...rest } = sent;
        const length = { 'content-length': String(content.length) };
        outgoing.writeHead(code, { ...rest, ...length }).end(content);
      },
      cut(answer, bytes = 0) {
        if (!answer) {
          outgoing.destroy();
          return;
        }
        const length = { 'content-length': String(answer.body.length) };
        const type = answer.headers['content-type'] ?? 'application/json';
        outgoing.writeHead(answer.code, { 'content-type': type, ...length });
        outgoing.write(answer.body.subarray(0, bytes), () => outgoing.destroy());
      },
    };
    const taken = strike.request?.(held);
    if (taken) return taken;
    if (entry.verb === 'watch') return relay(await ask(), outgoing);
    held.deliver(await held.forward());
  }

  async function relay(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
    outgoing.flushHeaders();
    let silent = false;
    // `writable` stays true after the end. Lines that came in one piece may go on after a fault that ended the stream.
    const isOpen = () => !outgoing.writableEnded && !outgoing.destroyed;
    const stream: WatchStream = {
      send(line) {
        if (isOpen()) outgoing.write(`${line}\n`);
      },
      half(line) {
        if (isOpen()) outgoing.write(line.slice(0, line.length / 2), () => outgoing.destroy());
      },
      cut: () => void outgoing.destroy(),
      end: () => void outgoing.end(),
      silence() {
        silent = true;
      },
    };
    let handle: ((line: string, to: WatchStream) => void) | undefined;
    let rest = '';
    answer.setEncoding('utf8');
    for await (const chunk of answer) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('{"type":"BOOKMARK"')) {
          journal.events++;
          handle ??= strike.event?.(journal.events);
        }
        if (handle) handle(line, stream);
        else stream.send(line);
      }
    }
    if (isOpen() && !silent) outgoing.end(rest);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, 'close');
    },
  };
}
