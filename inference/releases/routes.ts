import { evaluationSchema, releasesSchema } from '@shelfwise/inference-contract';
import { releaseNameSchema } from '@shelfwise/trainer-contract';
import * as z from 'zod';
import { isKnown } from '../http/conditional.ts';
import { jsonAnswer, type Route, route } from '../http/route.ts';
import type { ServiceState } from '../http/service.ts';
import type { Shelf } from './shelf.ts';

/** What was trained, and how good it is. */
export function releaseRoutes(shelf: Shelf, state: ServiceState): Route[] {
  return [releases(shelf, state), evaluation(shelf)];
}

function releases(shelf: Shelf, state: ServiceState): Route {
  return route({
    method: 'get',
    path: '/v1/releases',
    id: 'listReleases',
    summary: 'The releases that the store holds',
    tag: 'releases',
    access: ['predict'],
    responses: { 200: jsonAnswer('Newest first, as far as names tell.', releasesSchema) },
    problems: ['store-unavailable', 'overloaded'],
    async handle() {
      const serving = state.loaded?.served.release;
      const all = await shelf.releases();
      return { releases: all.map((one) => ({ ...one, serving: one.release === serving })) };
    },
  });
}

function evaluation(shelf: Shelf): Route {
  return route({
    method: 'get',
    path: '/v1/releases/{release}/evaluation',
    id: 'getEvaluation',
    summary: 'How good a release is on held-out products',
    description:
      'Facts, scores by class, confusion matrix, calibration, comparison with the champion of then, and how the fit went. With `If-None-Match` an evaluation that the caller has is not sent again.',
    tag: 'releases',
    access: ['predict'],
    params: z.strictObject({ release: releaseNameSchema }),
    responses: {
      200: jsonAnswer('The evaluation.', evaluationSchema, {
        headers: { ETag: 'Changes with the content.' },
      }),
      304: { description: 'The caller has it already.' },
    },
    problems: ['store-unavailable', 'overloaded'],
    async handle({ ctx, params }) {
      const { body, etag } = await shelf.evaluation(params.release);
      ctx.set('ETag', etag);
      ctx.set('Cache-Control', 'private, no-cache');
      // Koa's own ctx.fresh takes a Cache-Control of no-cache, which fetch adds, for a wish to have it again.
      if (isKnown(ctx.get('If-None-Match'), etag)) {
        ctx.status = 304;
        return;
      }
      ctx.type = 'application/json';
      ctx.body = body;
    },
  });
}
