import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Connection, TlsMaterial } from './connection.ts';

export interface PoolOptions {
  connection: Connection;
  /** HTTP/1.1, if not said otherwise: README.md says why. */
  http2?: boolean;
  /** How often it is checked whether the certificates are still the same. */
  recheckMs?: number | undefined;
}

/** The connections to one API server, kept alive. */
export interface Pool {
  /** For the next attempt; after a rotation of certificates another one than before. */
  dispatcher(): Dispatcher;
  /** Something spoke against our credentials: the next dispatcher() looks whether there are new ones. */
  doubt(): void;
  close(): Promise<void>;
}

/**
 * Certificates are read anew for each TCP connection, so a new CA is known when it is first needed. That alone would keep
 * connections for ever that were opened with a client certificate that expired since, or to a server whose CA is trusted no more:
 * so, when the certificates changed, new requests get new connections, and the old ones go when their last answer has come.
 */
export function createPool({ connection, http2 = false, recheckMs = 60_000 }: PoolOptions): Pool {
  const agents = new Set<Agent>();
  let current: { agent: Agent; certificates: string } | undefined;
  let checked = Number.NEGATIVE_INFINITY;

  function open(tls: TlsMaterial, certificates: string): Agent {
    const agent = new Agent({
      allowH2: http2,
      connect: connector(connection, tls, certificates, http2),
      // Below what load balancers grant an idle connection (60 s and more): we let go of it, not they behind our back.
      keepAliveTimeout: 30_000,
    });
    agents.add(agent);
    return agent;
  }

  function retire(agent: Agent): void {
    const gone = () => agents.delete(agent);
    agent.close().then(gone, gone);
  }

  return {
    dispatcher() {
      if (current !== undefined && performance.now() - checked < recheckMs) return current.agent;
      const tls = connection.tls();
      const certificates = fingerprint(tls);
      checked = performance.now();
      if (current === undefined || current.certificates !== certificates) {
        if (current) retire(current.agent);
        current = { agent: open(tls, certificates), certificates };
      }
      return current.agent;
    },
    doubt() {
      checked = Number.NEGATIVE_INFINITY;
    },
    async close() {
      await Promise.all([...agents].map((agent) => agent.destroy()));
    },
  };
}

/** Reads the certificates anew for each connection, and keeps the TLS sessions while they stay the same. */
function connector(
  connection: Connection,
  first: TlsMaterial,
  certificates: string,
  allowH2: boolean,
): buildConnector.connector {
  const build = (tls: TlsMaterial) => buildConnector({ timeout: 10_000, allowH2, ...tls });
  let known = certificates;
  let connect = build(first);
  return (target, callback) => {
    try {
      const tls = connection.tls();
      const now = fingerprint(tls);
      if (now !== known) connect = build(tls);
      known = now;
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connect(target, callback);
  };
}

function fingerprint(tls: TlsMaterial): string {
  return JSON.stringify(Object.entries(tls).map(([name, value]) => [name, String(value)]));
}
