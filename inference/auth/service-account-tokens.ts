import type { Caller } from '@shelfwise/inference-contract';
import * as z from 'zod';

/** What a ServiceAccount's token must be. Its issuer and keys are the cluster's own. */
export const serviceAccountTokens = {
  audience: 'shelfwise',
  /** What the apiserver signs with, by the kind of key it was given. */
  algorithms: ['RS256', 'ES256', 'ES384', 'ES512'] as string[],
  /** The kubelet renews a projected token after a day at the latest. */
  lifetimeSeconds: 24 * 3600,
} as const;

const claimsSchema = z.object({
  sub: z.string(),
  'kubernetes.io': z.object({
    namespace: z.string().min(1),
    serviceaccount: z.object({ name: z.string().min(1) }),
  }),
});

/** The ServiceAccount that verified claims speak of, or undefined where they are none of one. */
export function serviceAccountOf(
  claims: unknown,
): { namespace: string; caller: Caller } | undefined {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) return undefined;
  const { namespace, serviceaccount } = parsed.data['kubernetes.io'];
  const { sub } = parsed.data;
  if (sub !== `system:serviceaccount:${namespace}:${serviceaccount.name}`) return undefined;
  const name = `${namespace}/${serviceaccount.name}`;
  return { namespace, caller: { kind: 'serviceAccount', id: sub, name, roles: ['predict'] } };
}

/** Whether ServiceAccounts of a namespace may call; `*` allows every namespace. */
export function namespaceAllowed(allowed: readonly string[], namespace: string): boolean {
  return allowed.includes('*') || allowed.includes(namespace);
}
