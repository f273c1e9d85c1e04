import type { AuditedRequest } from '../cluster/audit.ts';

/** What changes nothing. */
const reads = new Set(['get', 'list', 'watch']);

export function isWrite({ verb }: AuditedRequest): boolean {
  return !reads.has(verb);
}

/** A write for a ModelRelease. By the Lease operators only agree who works, and Events are news. */
export function isWork(request: AuditedRequest): boolean {
  return isWrite(request) && !isEvent(request) && request.resource !== 'leases.coordination.k8s.io';
}

/** Both groups that serve Events. */
export function isEvent({ resource }: AuditedRequest): boolean {
  return resource === 'events' || resource === 'events.events.k8s.io';
}

/** Refused or failed ones are counted like the others: they cost as much. The most first: `create jobs.batch`. */
export function byVerb(requests: AuditedRequest[]): [what: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { verb, resource } of requests) {
    const what = `${verb} ${resource}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].toSorted(
    ([one, count], [other, others]) => others - count || one.localeCompare(other),
  );
}
