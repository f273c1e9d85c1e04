import {
  type Caller,
  correctionsSchema,
  newCorrectionSchema,
  type Product,
} from '@shelfwise/inference-contract';
import { page, readCursor } from '../http/cursor.ts';
import { jsonAnswer, jsonBody, type Route, route } from '../http/route.ts';
import type { Context } from '../http/state.ts';
import type { Catalogue } from './catalogue.ts';
import { correctProduct, listCorrections } from './correct.ts';
import { access, always, changed, ofChanges, tag } from './documented.ts';
import { ifMatch, tagged } from './preconditions.ts';
import { ifMatchHeaders, pageQuery, productParams } from './queries.ts';

const aNumber = /^[1-9]\d{0,17}$/;

/** What people say that a product is. */
export function correctionRoutes(there: () => Promise<Catalogue>): Route[] {
  async function correct(
    ctx: Context,
    id: string,
    header: string | undefined,
    category: string | null,
  ): Promise<Product> {
    const wanted = ifMatch(header);
    const caller = ctx.state.caller as Caller;
    return tagged(ctx, await correctProduct(await there(), { id, wanted, caller, category }));
  }
  return [
    route({
      method: 'put',
      path: '/v1/products/{id}/category',
      id: 'correctProduct',
      summary: 'What the product really is',
      description:
        'The next release learns it, whatever was given or predicted. Who said it, when, and what stood there is kept.',
      ...{ tag, access },
      params: productParams,
      headers: ifMatchHeaders,
      body: jsonBody(newCorrectionSchema, { example: { category: 'garden' } }),
      responses: changed,
      problems: ofChanges,
      handle: ({ ctx, params: { id }, headers, body: { category } }) =>
        correct(ctx, id, headers['if-match'], category),
    }),
    route({
      method: 'delete',
      path: '/v1/products/{id}/category',
      id: 'withdrawCorrection',
      summary: 'The correction is taken back',
      description: 'The category that the shop gave, if it did, is the label again.',
      ...{ tag, access },
      params: productParams,
      headers: ifMatchHeaders,
      responses: changed,
      problems: ofChanges,
      handle: ({ ctx, params: { id }, headers }) => correct(ctx, id, headers['if-match'], null),
    }),
    route({
      method: 'get',
      path: '/v1/products/{id}/corrections',
      id: 'listCorrections',
      summary: 'Who said what of a product, and when',
      ...{ tag, access },
      params: productParams,
      query: pageQuery,
      responses: { 200: jsonAnswer('The newest first.', correctionsSchema) },
      problems: [...always, 'not-found'],
      async handle({ params: { id }, query: { limit, cursor } }) {
        const before = cursor === undefined ? undefined : readCursor(cursor, aNumber);
        const found = await listCorrections(await there(), id, { before, limit: limit + 1 });
        const { shown, next } = page(found, limit, ({ number }) => number);
        return { corrections: shown.map(({ correction }) => correction), next };
      },
    }),
  ];
}
