import type { ByteBudget } from './body.ts';
import { readPredictRequest } from './predict-request.ts';
import { predictionJson } from './predict-response.ts';
import { Problem } from './problems.ts';
import type { ServiceState } from './service.ts';
import type { Middleware } from './state.ts';

/** `POST /v1/predict`: answers within `deadlineMs` of the end of the upload, or 503 at once. */
export function predict(state: ServiceState, budget: ByteBudget, deadlineMs: number): Middleware {
  return async (ctx) => {
    const { loaded } = state;
    if (!loaded)
      throw new Problem('not-ready', `The model is not ready: ${state.progress}.`, {
        retryAfter: 2,
      });
    const lease = budget.lease();
    const gone = new AbortController();
    const onClose = () => gone.abort();
    ctx.res.once('close', onClose);
    try {
      const { item, top } = await readPredictRequest(ctx.req, lease);
      const prediction = await loaded.engine.predict(item, {
        withinMs: deadlineMs,
        signal: gone.signal,
      });
      ctx.type = 'application/json';
      ctx.body = predictionJson(loaded.served, prediction, top);
    } finally {
      ctx.res.off('close', onClose);
      lease.release();
    }
  };
}
