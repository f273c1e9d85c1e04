import { type RequestInfo, requestInfo } from '../../operator/kube/request-info.ts';

/** One request of an operator, as the proxy in between saw it. */
export interface Entry extends RequestInfo {
  /** Among all requests of a life, from 1. */
  nth: number;
  /** Among its writes, from 1; undefined: it reads. */
  write: number | undefined;
  /** Which of a life's operators sent it. */
  slot: string;
  /** What the API server said; 0 while it said nothing, or was not asked. */
  code: number;
  /** performance.now() when it came in. */
  at: number;
  body: unknown;
}

/** What the operators of one life asked for, in order. */
export interface Journal {
  entries: Entry[];
  /** Watch events that came by, bookmarks left out. */
  events: number;
  add(slot: string, method: string, url: URL, body: string): Entry;
}

export function createJournal(): Journal {
  const entries: Entry[] = [];
  let writes = 0;
  return {
    entries,
    events: 0,
    add(slot, method, url, body) {
      const watch = url.searchParams.get('watch') === 'true' || undefined;
      const info = requestInfo(method, url.pathname, watch ? { watch } : {});
      // Renewing a Lease goes on whatever happens: it would give every later write another number.
      const isWrite = method !== 'GET' && !isLease(info);
      if (isWrite) writes++;
      const entry: Entry = {
        ...info,
        nth: entries.length + 1,
        write: isWrite ? writes : undefined,
        slot,
        code: 0,
        at: performance.now(),
        body: method === 'GET' ? undefined : parsed(body),
      };
      entries.push(entry);
      return entry;
    },
  };
}

export function isLease({ resource }: RequestInfo): boolean {
  return resource === 'leases.coordination.k8s.io';
}

/** For people: `write 17, create jobs.batch life-3/products-…-train`. */
export function describe({ nth, write, verb, resource, object }: Entry): string {
  const number = write === undefined ? `request ${nth}` : `write ${write}`;
  return `${number}, ${verb} ${resource} ${object}`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
