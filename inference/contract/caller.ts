import * as z from 'zod';

/**
 * What a caller may do: `predict` asks the model, `catalogue` keeps products (and predicts), `admin` keeps accounts and
 * service tokens (and does all the rest).
 */
export const roleSchema = z.enum(['predict', 'catalogue', 'admin']);

export type Role = z.infer<typeof roleSchema>;

export const callerKinds = ['account', 'serviceToken', 'serviceAccount', 'oidc'] as const;

/** Who asks: a person with an account, a machine with a service token, a ServiceAccount of the cluster, or someone whom an OpenID Connect issuer knows. */
export interface Caller {
  kind: (typeof callerKinds)[number];
  /** Unique within the kind, and stable: what a record of who did something holds. */
  id: string;
  /** For people: a user name, a token's name, `namespace/name` of a ServiceAccount. */
  name: string;
  /** As they were given; what they imply is hasRole()'s to know. */
  roles: readonly Role[];
}

const implied: Record<Role, readonly Role[]> = {
  predict: ['predict', 'catalogue', 'admin'],
  catalogue: ['catalogue', 'admin'],
  admin: ['admin'],
};

/** Whether the caller has the role, by itself or by one that implies it. */
export function hasRole(caller: Pick<Caller, 'roles'>, role: Role): boolean {
  return implied[role].some((each) => caller.roles.includes(each));
}
