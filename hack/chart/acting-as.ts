import type { Connection } from '../../operator/kube/connection.ts';

/** The administrator's connection, speaking for somebody else. */
export function actingAs(user: string, connection: Connection): Connection {
  return {
    ...connection,
    headers: async () => ({
      ...(await connection.headers()),
      'impersonate-user': user,
      'impersonate-group': 'system:authenticated',
    }),
  };
}
