import * as z from 'zod';
import type { ServiceMetrics } from '../metrics/metrics.ts';
import { jsonAnswer, type Route, route } from './route.ts';
import { type Dependencies, dependencyNames, type ServiceState } from './service.ts';

const dependencySchema = z.enum(['up', 'down', 'not configured']);

const readinessSchema = z
  .strictObject({
    status: z.enum(['ready', 'not ready']),
    reason: z.string().optional(),
    model: z.strictObject({ release: z.string(), digest: z.string() }).nullable(),
    workers: z.int(),
    dependencies: z.record(z.enum(dependencyNames), dependencySchema),
  })
  .meta({ id: 'Readiness' });

/** What probes and Prometheus ask. */
export function healthRoutes(
  state: ServiceState,
  dependencies: Dependencies,
  metrics: ServiceMetrics,
): Route[] {
  metrics.watchDependencies(dependencies);
  return [alive, readiness(state, dependencies), metricsPage(metrics)];
}

const alive = route({
  method: 'get',
  path: '/healthz',
  id: 'alive',
  summary: 'Whether the program runs',
  tag: 'operation',
  access: 'public',
  responses: {
    200: jsonAnswer('The event loop turns.', z.strictObject({ status: z.literal('alive') })),
  },
  handle: () => ({ status: 'alive' }),
});

/** Ready: a verified model and a worker to run it, and not on the way out. Nothing else counts: predictions need nothing else. */
function readiness(state: ServiceState, dependencies: Dependencies): Route {
  return route({
    method: 'get',
    path: '/readyz',
    id: 'ready',
    summary: 'Whether predictions are answered',
    description:
      'Goes by the model alone: predictions need nothing else. The state of what the rest needs is told beside it.',
    tag: 'operation',
    access: 'public',
    responses: {
      200: jsonAnswer('The model is verified and serves.', readinessSchema),
      503: jsonAnswer('Not yet, or not any more: `reason` says why.', readinessSchema),
    },
    handle({ ctx }) {
      const { loaded, draining } = state;
      const workers = loaded?.engine.state().alive ?? 0;
      const reason = draining
        ? 'draining: this pod is on its way out'
        : !loaded
          ? state.progress
          : workers === 0
            ? 'every inference worker was lost and is being replaced'
            : undefined;
      ctx.status = reason === undefined ? 200 : 503;
      return {
        status: reason === undefined ? 'ready' : 'not ready',
        ...(reason !== undefined && { reason }),
        model: loaded ? { release: loaded.served.release, digest: loaded.served.digest } : null,
        workers,
        dependencies: inWords(dependencies()),
      };
    },
  });
}

function inWords(dependencies: ReturnType<Dependencies>) {
  const word = (up: boolean | undefined) =>
    up === undefined ? 'not configured' : up ? 'up' : 'down';
  return Object.fromEntries(Object.entries(dependencies).map(([name, up]) => [name, word(up)]));
}

function metricsPage({ registry }: ServiceMetrics): Route {
  return route({
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    summary: 'Metrics for Prometheus',
    tag: 'operation',
    access: 'public',
    responses: {
      200: {
        description: "The page in Prometheus' text format.",
        content: { 'text/plain': { schema: z.string() } },
      },
    },
    async handle({ ctx }) {
      ctx.body = await registry.metrics();
      ctx.type = registry.contentType;
    },
  });
}
