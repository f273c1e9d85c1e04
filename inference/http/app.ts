import Koa from 'koa';
import type { Logger } from 'pino';
import type { Accounts } from '../accounts/accounts.ts';
import type { Logins } from '../accounts/login.ts';
import { loginDoor } from '../accounts/login-door.ts';
import { createLoginLimit } from '../accounts/login-limit.ts';
import { accountRoutes } from '../accounts/routes.ts';
import { authenticate } from '../auth/authenticate.ts';
import { clientAddresses } from '../auth/client-address.ts';
import type { ClusterIssuer } from '../auth/cluster-issuer.ts';
import type { KeyRing } from '../auth/key-ring.ts';
import type { OidcIssuer } from '../auth/oidc.ts';
import type { NamedServiceAccount } from '../auth/service-account-tokens.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { catalogueRoutes } from '../catalogue/routes.ts';
import type { ServiceMetrics } from '../metrics/metrics.ts';
import { requestMetrics } from '../metrics/middleware.ts';
import { documentRoutes } from '../openapi/routes.ts';
import { releaseRoutes } from '../releases/routes.ts';
import type { Shelf } from '../releases/shelf.ts';
import { protocolRoutes } from '../v2/routes.ts';
import { arrivalLimit } from './arrival.ts';
import { batchRoute } from './batch/route.ts';
import { createByteBudget } from './body.ts';
import { problemResponses, requestIds } from './errors.ts';
import { healthRoutes } from './health.ts';
import { mount } from './mount.ts';
import { predictRoute } from './predict.ts';
import { Problem } from './problems.ts';
import type { Route } from './route.ts';
import type { Dependencies, ServiceState } from './service.ts';
import type { Context, Middleware, RequestState } from './state.ts';

export interface AppSettings {
  state: ServiceState;
  metrics: ServiceMetrics;
  log: Logger;
  shelf: Shelf;
  accounts: Accounts | undefined;
  catalogue?: Catalogue | undefined;
  keys: KeyRing | undefined;
  cluster: ClusterIssuer | undefined;
  storeIsUp: () => boolean;
  namespaces: readonly string[];
  serviceAccounts?: readonly NamedServiceAccount[];
  oidc?: OidcIssuer | undefined;
  /** Networks of the proxies whose X-Forwarded-For is believed. */
  trustedProxies?: readonly string[];
  predictDeadlineMs: number;
  /** Bytes of request bodies held at a time. */
  bodyBudgetBytes: number;
  /** Until a body that does not come to its end is given up. */
  arrivalLimitMs?: number;
}

/** A body of 16 MiB over a slow line. */
const arrivalLimitMs = 30_000;

/** The HTTP API. */
export function createApp(settings: AppSettings): Koa<RequestState> {
  const { state, metrics, log, accounts } = settings;
  const logins = {
    limit: createLoginLimit(),
    addressOf: clientAddresses(settings.trustedProxies ?? []),
  };
  const router = mount(routes(settings, logins), {
    budget: createByteBudget(settings.bodyBudgetBytes),
    authenticate: authenticate({
      ...settings,
      revocations: accounts?.revocations,
      serviceTokens: accounts?.serviceTokens,
    }),
  });

  const app = new Koa<RequestState>();
  app.on('error', (err, ctx?: Context) => {
    const requestId = ctx?.state.requestId;
    if (ctx?.req.destroyed && ctx.res.destroyed)
      log.debug({ requestId, err }, 'the client went away');
    else log.error({ err, requestId }, 'answering failed');
  });
  app.use(loginDoor(logins, () => metrics.request('/v1/tokens', 'POST', 429, 0)));
  app.use(requestIds);
  app.use(requestMetrics(metrics));
  app.use(headers(state));
  app.use(accessLog(log));
  app.use(problemResponses(log));
  app.use(arrivalLimit(settings.arrivalLimitMs ?? arrivalLimitMs));
  app.use(unanswered);
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

/** Every endpoint there is. */
function routes(settings: AppSettings, logins: Logins): Route[] {
  const { state, metrics, accounts, keys } = settings;
  const described = [
    predictRoute(state, settings.predictDeadlineMs),
    batchRoute(state, settings.arrivalLimitMs ?? arrivalLimitMs),
    ...catalogueRoutes(settings.catalogue),
    ...releaseRoutes(settings.shelf, state),
    ...accountRoutes({ accounts, keys }, logins),
    ...protocolRoutes(state, settings.predictDeadlineMs),
    ...healthRoutes(state, dependencies(settings), metrics),
  ];
  return [...described, ...documentRoutes(described)];
}

function dependencies({ accounts, cluster, oidc, storeIsUp }: AppSettings): Dependencies {
  return () => ({
    database: accounts && accounts.database.ready() !== undefined,
    store: storeIsUp(),
    clusterKeys: cluster?.isKnown(),
    oidc: oidc?.isKnown(),
  });
}

/** An API answers no page: nothing of it may be framed, sniffed or scripted. */
function headers(state: ServiceState): Middleware {
  return async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    await next();
    // While draining, a client that keeps its connection would keep coming to a pod that leaves. Asked last: it may have begun
    // while this one was at work.
    if (state.draining) ctx.set('Connection', 'close');
  };
}

/** Answers are logged at debug, refusals at info: what was sent (tokens, pictures, passwords) never is. */
function accessLog(log: Logger): Middleware {
  return async (ctx, next) => {
    await next();
    const level = ctx.status >= 400 ? 'info' : 'debug';
    if (!log.isLevelEnabled(level)) return;
    log[level](
      { requestId: ctx.state.requestId, method: ctx.method, path: ctx.path, status: ctx.status },
      'answered',
    );
  };
}

/** What no handler answered: the router has left 405 or 501 with Allow where only the method is wrong. */
const unanswered: Middleware = async (ctx, next) => {
  await next();
  if (ctx.status === 404) {
    const detail = `There is nothing at ${ctx.path.slice(0, 200)}: /docs lists what there is.`;
    throw new Problem('not-found', detail, { part: 'path' });
  }
  if (ctx.status === 405 || ctx.status === 501) {
    const detail = `${ctx.path} does not take this method: see the header Allow.`;
    throw new Problem('method-not-allowed', detail, { part: 'method' });
  }
};
