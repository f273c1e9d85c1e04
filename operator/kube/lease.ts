import { hasReason } from './api-error.ts';
import { microTime } from './micro-time.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { leases, pathOf } from './resource.ts';
import type { Transport } from './transport.ts';

/** coordination.k8s.io/v1, as far as an election reads it. */
export interface Lease extends KubernetesObject {
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number | null;
    /** MicroTimes, by the holder's clock: for people. Nobody compares them with a clock of his own. */
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number | null;
  };
}

/** One Lease on the API server. Each of its writes is refused (Conflict, AlreadyExists) when the Lease is not as it was read. */
export interface LeaseClient {
  read(signal: AbortSignal): Promise<Stored<Lease> | undefined>;
  create(spec: Lease['spec'], signal: AbortSignal): Promise<Stored<Lease>>;
  replace(read: Stored<Lease>, spec: Lease['spec'], signal: AbortSignal): Promise<Stored<Lease>>;
}

export function createLeaseClient({
  transport,
  namespace,
  name,
}: {
  transport: Pick<Transport, 'request'>;
  namespace: string;
  name: string;
}): LeaseClient {
  return {
    async read(signal) {
      try {
        const path = pathOf(leases, { namespace, name });
        return await transport.request<Stored<Lease>>({ method: 'GET', path, signal });
      } catch (error) {
        if (hasReason(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    create: (spec, signal) => {
      const { apiVersion, kind } = leases;
      const body: Lease = {
        apiVersion,
        kind,
        metadata: { namespace, name },
        ...(spec && { spec }),
      };
      return transport.request({
        method: 'POST',
        path: pathOf(leases, { namespace }),
        body,
        signal,
      });
    },
    replace: (read, spec, signal) =>
      transport.request({
        method: 'PUT',
        path: pathOf(leases, { namespace, name }),
        // With the resourceVersion that was read. Labels, annotations and fields that others know stay.
        body: { ...read, spec: { ...read.spec, ...spec } },
        signal,
      }),
  };
}

/** How long others have to leave the Lease alone after they saw it change. 0: it is nobody's. */
export function heldForMs({ spec }: Lease): number {
  return spec?.holderIdentity ? (spec.leaseDurationSeconds ?? 0) * 1000 : 0;
}

export function holderOf({ spec }: Lease): string {
  return spec?.holderIdentity ?? '';
}

/** The spec by which `identity` takes the Lease, after what it was before. */
export function takenBy(
  identity: string,
  leaseDurationMs: number,
  before: Lease | undefined,
  at: Date,
): Lease['spec'] {
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
    acquireTime: microTime(at),
    renewTime: microTime(at),
    leaseTransitions: before ? (before.spec?.leaseTransitions ?? 0) + 1 : 0,
  };
}

/** Nobody's, from now: the API refuses durations below 1. */
export function released(at: Date): Lease['spec'] {
  return { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(at) };
}
