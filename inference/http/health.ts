import type { ServiceMetrics } from '../metrics/metrics.ts';
import type { Dependencies, ServiceState } from './service.ts';
import type { Middleware } from './state.ts';

/** Alive: the event loop turns. */
export const healthz: Middleware = (ctx) => {
  ctx.body = { status: 'alive' };
};

/** Ready: a verified model and a worker to run it, and not on the way out. Nothing else counts: predictions need nothing else. */
export function readyz(state: ServiceState, dependencies: Dependencies): Middleware {
  return (ctx) => {
    const { loaded, draining } = state;
    const alive = loaded?.engine.state().alive ?? 0;
    const reason = draining
      ? 'draining: this pod is on its way out'
      : !loaded
        ? state.progress
        : alive === 0
          ? 'every inference worker was lost and is being replaced'
          : undefined;
    ctx.status = reason === undefined ? 200 : 503;
    ctx.body = {
      status: reason === undefined ? 'ready' : 'not ready',
      ...(reason !== undefined && { reason }),
      model: loaded ? { release: loaded.served.release, digest: loaded.served.digest } : null,
      workers: alive,
      dependencies: { database: dependencies.database(), clusterKeys: dependencies.clusterKeys() },
    };
  };
}

export function metricsPage(metrics: ServiceMetrics): Middleware {
  return async (ctx) => {
    ctx.body = await metrics.registry.metrics();
    ctx.type = metrics.registry.contentType;
  };
}
