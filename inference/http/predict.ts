import {
  predictFormSchema,
  predictRequestSchema,
  predictResponseSchema,
} from '@shelfwise/inference-contract';
import { readPredictRequest } from './predict-request.ts';
import { predictionJson } from './predict-response.ts';
import { jsonAnswer, type Route, route, streamBody } from './route.ts';
import { loadedModel, type ServiceState } from './service.ts';

/** `POST /v1/predict`: answers within `deadlineMs` of the end of the upload, or 503 at once. */
export function predictRoute(state: ServiceState, deadlineMs: number): Route {
  return route({
    method: 'post',
    path: '/v1/predict',
    id: 'predict',
    summary: 'The class of one product',
    description:
      'Give the designation, the description, the image, or any of them. The probabilities are calibrated: of all answers that say 0.8, eight in ten are right. `text` and `image` are what each of the two alone would say.',
    tag: 'predict',
    access: ['predict'],
    body: streamBody({
      'multipart/form-data': { schema: predictFormSchema },
      'application/json': {
        schema: predictRequestSchema,
        example: { designation: 'Spade with a wooden handle', top: 3 },
      },
    }),
    responses: { 200: jsonAnswer('The likeliest classes, best first.', predictResponseSchema) },
    problems: ['nothing-to-classify', 'duplicate-part', 'not-ready', 'model-fault'],
    async handle({ ctx, lease }) {
      const { engine, served } = loadedModel(state);
      const gone = new AbortController();
      const onClose = () => gone.abort();
      ctx.res.once('close', onClose);
      try {
        const { item, top } = await readPredictRequest(ctx.req, lease);
        const prediction = await engine.predict(item, {
          withinMs: deadlineMs,
          signal: gone.signal,
        });
        ctx.type = 'application/json';
        ctx.body = predictionJson(served, prediction, top);
      } finally {
        ctx.res.off('close', onClose);
      }
    },
  });
}
