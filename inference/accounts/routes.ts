import type { Route } from '../http/route.ts';
import type { AccountDependencies } from './asking.ts';
import type { Logins } from './login.ts';
import { ownRoutes } from './own-routes.ts';
import { serviceTokenRoutes } from './service-token-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { userRoutes } from './user-routes.ts';

/** Everything about who may call. Without accounts of its own, or a database, the service says so. */
export function accountRoutes(dependencies: AccountDependencies, logins: Logins): Route[] {
  return [
    ...tokenRoutes(dependencies, logins),
    ...ownRoutes(dependencies, logins),
    ...userRoutes(dependencies),
    ...serviceTokenRoutes(dependencies),
  ];
}
