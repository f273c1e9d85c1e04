import { clientAddresses } from '../auth/client-address.ts';
import type { Route } from '../http/route.ts';
import type { AccountDependencies } from './asking.ts';
import { createLoginLimit, type LoginLimit } from './login-limit.ts';
import { ownRoutes } from './own-routes.ts';
import { serviceTokenRoutes } from './service-token-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { userRoutes } from './user-routes.ts';

/** Everything about who may call. Without accounts of its own, or a database, the service says so. */
export function accountRoutes(
  dependencies: AccountDependencies,
  trustedProxies: readonly string[] = [],
  limit: LoginLimit = createLoginLimit(),
): Route[] {
  const addressOf = clientAddresses(trustedProxies);
  return [
    ...tokenRoutes(dependencies, limit, addressOf),
    ...ownRoutes(dependencies, limit, addressOf),
    ...userRoutes(dependencies),
    ...serviceTokenRoutes(dependencies),
  ];
}
