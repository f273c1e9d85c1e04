import { pagePolicy } from '@shelfwise/report';
import * as z from 'zod';
import { jsonAnswer, type Route, route } from '../http/route.ts';
import { type OpenApiDocument, openApiDocument } from './document.ts';
import { documentPage } from './page/page.ts';

/** `GET /openapi.json` and `/docs`: the document of all routes, these two among them, for programs and for people. */
export function documentRoutes(others: readonly Route[]): Route[] {
  let document: OpenApiDocument | undefined;
  const made = () => {
    document ??= openApiDocument([...others, asJson, asPage]);
    return document;
  };
  let json: string | undefined;
  const asJson = route({
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
      json ??= JSON.stringify(made());
      ctx.type = 'application/json';
      ctx.body = json;
    },
  });
  let html: string | undefined;
  const asPage = route({
    method: 'get',
    path: '/docs',
    id: 'docs',
    summary: 'This document as a page',
    tag: 'operation',
    access: 'public',
    responses: {
      200: {
        description: 'A page that loads nothing.',
        content: { 'text/html': { schema: z.string() } },
      },
    },
    handle({ ctx }) {
      html ??= documentPage(made());
      ctx.set('Content-Security-Policy', `${pagePolicy}; frame-ancestors 'none'`);
      ctx.type = 'text/html';
      ctx.body = html;
    },
  });
  return [asJson, asPage];
}
