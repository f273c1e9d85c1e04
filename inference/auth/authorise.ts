import { type Caller, hasRole, type Role } from '@shelfwise/inference-contract';
import { Problem } from '../http/problems.ts';

/** Who may call an endpoint: everyone, or whoever has one of the roles (or one that implies it). */
export type Access = 'public' | readonly Role[];

/** Throws `unauthenticated` where nobody is known, `forbidden` where the caller has none of the roles. */
export function authorise(caller: Caller | undefined, access: Access): void {
  if (access === 'public') return;
  if (!caller) throw unauthenticated();
  if (access.some((role) => hasRole(caller, role))) return;
  const detail = `The caller ${caller.name} may not do this: it takes the role ${access.join(' or ')}, and the caller has ${caller.roles.join(', ') || 'none'}.`;
  throw new Problem('forbidden', detail, { part: 'Authorization' });
}

/** The problem of a request that bears no token. */
export function unauthenticated(): Problem {
  const detail = 'There is no token: send the header Authorization: Bearer TOKEN.';
  return new Problem('unauthenticated', detail, {
    part: 'Authorization',
    headers: { 'WWW-Authenticate': 'Bearer realm="shelfwise"' },
  });
}
