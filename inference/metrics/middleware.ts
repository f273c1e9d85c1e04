import type { Middleware } from '../http/state.ts';
import type { ServiceMetrics } from './metrics.ts';

const methods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** Counts every answer. Labels are of closed sets: a caller cannot make up new series. */
export function requestMetrics(metrics: ServiceMetrics): Middleware {
  return async (ctx, next) => {
    const start = performance.now();
    ctx.res.on('finish', () => {
      const route = (ctx as { _matchedRoute?: unknown })._matchedRoute;
      metrics.request(
        typeof route === 'string' ? route : 'unmatched',
        methods.has(ctx.method) ? ctx.method : 'other',
        ctx.res.statusCode,
        performance.now() - start,
      );
    });
    await next();
  };
}
