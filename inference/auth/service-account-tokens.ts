import type { Role } from '@shelfwise/inference-contract';
import * as z from 'zod';
import { Problem } from '../http/problems.ts';
import type { ClusterIssuer } from './cluster-issuer.ts';
import type { Issuer } from './issuer.ts';

/** What a ServiceAccount's token must be. Its issuer and keys are the cluster's own. */
const serviceAccountTokens = {
  audience: 'shelfwise',
  /** What the apiserver signs with, by the kind of key it was given. */
  algorithms: ['RS256', 'ES256', 'ES384', 'ES512'],
  /** The kubelet renews a projected token after a day at the latest. */
  lifetimeSeconds: 24 * 3600,
} as const;

/** A ServiceAccount that may do more than its namespace lets it, or is of another one. */
export interface NamedServiceAccount {
  namespace: string;
  name: string;
  roles: readonly Role[];
}

export interface AllowedServiceAccounts {
  /** Namespaces whose ServiceAccounts may predict; `*` is every namespace. */
  namespaces: readonly string[];
  serviceAccounts?: readonly NamedServiceAccount[] | undefined;
}

const claimsSchema = z.object({
  sub: z.string(),
  'kubernetes.io': z.object({
    namespace: z.string().min(1),
    serviceaccount: z.object({ name: z.string().min(1) }),
  }),
});

/** The cluster as the issuer of its ServiceAccounts' tokens: undefined for tokens that claim another. Throws `keys-unavailable`. */
export function serviceAccountIssuer(cluster: ClusterIssuer, allowed: AllowedServiceAccounts) {
  let current: Issuer | undefined;
  return async (iss: string): Promise<Issuer | undefined> => {
    const issuer = await cluster.issuer();
    if (issuer === undefined) throw keysUnavailable();
    if (issuer !== iss) return undefined;
    if (current?.issuer !== issuer) current = issuerOf(issuer, cluster, allowed);
    return current;
  };
}

function issuerOf(issuer: string, cluster: ClusterIssuer, allowed: AllowedServiceAccounts): Issuer {
  return {
    ...serviceAccountTokens,
    issuer,
    key: cluster.key,
    stillHas: cluster.stillHas,
    callerOf(claims) {
      const account = serviceAccountOf(claims);
      if (!account) return undefined;
      const roles = rolesOf(account, allowed);
      if (roles.length === 0) throw mayNotCall(account.namespace);
      const { namespace, name, sub } = account;
      return { caller: { kind: 'serviceAccount', id: sub, name: `${namespace}/${name}`, roles } };
    },
  };
}

function serviceAccountOf(claims: unknown) {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) return undefined;
  const { namespace, serviceaccount } = parsed.data['kubernetes.io'];
  const { sub } = parsed.data;
  const { name } = serviceaccount;
  return sub === `system:serviceaccount:${namespace}:${name}`
    ? { namespace, name, sub }
    : undefined;
}

/** What its namespace gives and what it is given by name. */
function rolesOf(
  { namespace, name }: { namespace: string; name: string },
  { namespaces, serviceAccounts = [] }: AllowedServiceAccounts,
): Role[] {
  const roles = new Set<Role>();
  if (namespaces.includes('*') || namespaces.includes(namespace)) roles.add('predict');
  for (const named of serviceAccounts) {
    if (named.namespace === namespace && named.name === name)
      for (const role of named.roles) roles.add(role);
  }
  return [...roles];
}

function mayNotCall(namespace: string): Problem {
  const detail = `ServiceAccounts of the namespace ${namespace} may not call this service: have the namespace added to spec.serving.auth.serviceAccountNamespaces, or the ServiceAccount to spec.serving.auth.serviceAccounts.`;
  return new Problem('forbidden', detail, { part: 'Authorization' });
}

function keysUnavailable(): Problem {
  const detail = "The cluster's keys could not be fetched yet: try again in a moment.";
  return new Problem('keys-unavailable', detail, { retryAfter: 2 });
}
