import {
  predictFormSchema,
  predictRequestSchema,
  predictResponseSchema,
} from '@shelfwise/inference-contract';
import type { Item } from '../engine/item.ts';
import { explain } from '../explain/explain.ts';
import { readPredictRequest } from './predict-request.ts';
import { predictionJson } from './predict-response.ts';
import { callersPresence } from './presence.ts';
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
      "Give the designation, the description, the image, or any of them. The probabilities are calibrated: of all answers that say 0.8, eight in ten are right. `text` and `image` are what each of the two alone would say.\n\n`explain` adds which words and which regions of the picture the likeliest class owes itself to: what becomes of its probability without each of them. That takes up to 84 predictions more, within 10 s. They yield to everybody else's, and a service that is busy answers 503.",
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
      const arrived = engine.enter(deadlineMs);
      const question = await readPredictRequest(ctx.req, lease).finally(arrived);
      const { item, top } = question;
      // predict() takes the picture's buffer away.
      const kept = question.explain ? copyOf(item) : undefined;
      ctx.type = 'application/json';
      return callersPresence(ctx)(async (signal) => {
        const options = { withinMs: deadlineMs, signal, takeBuffer: true };
        const prediction = await engine.predict(item, options);
        const explanation =
          kept && (await explain(engine, kept, prediction, { classes: served.classes, signal }));
        return predictionJson(served, prediction, top, explanation);
      });
    },
  });
}

function copyOf(item: Item): Item {
  return { ...item, picture: item.picture && new Uint8Array(item.picture) };
}
