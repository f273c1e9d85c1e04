import * as z from 'zod';
import { jsonAnswer, type Route, route } from '../http/route.ts';
import { openApiDocument } from './document.ts';

/** `GET /openapi.json`: the document of all routes, its own among them. */
export function documentRoutes(others: readonly Route[]): Route[] {
  let text: string | undefined;
  const all: Route[] = [...others];
  all.push(
    route({
      method: 'get',
      path: '/openapi.json',
      id: 'openApiDocument',
      summary: 'This document',
      tag: 'operation',
      access: 'public',
      responses: {
        200: jsonAnswer(
          'The OpenAPI 3.1 document of the service.',
          z.looseObject({ openapi: z.string() }),
        ),
      },
      handle({ ctx }) {
        text ??= JSON.stringify(openApiDocument(all));
        ctx.type = 'application/json';
        ctx.body = text;
      },
    }),
  );
  return all.slice(others.length);
}
