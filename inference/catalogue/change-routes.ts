import type { Caller } from '@shelfwise/inference-contract';
import {
  newProductFormSchema,
  newProductSchema,
  productContentFormSchema,
  productContentSchema,
  productPatchSchema,
  productSchema,
} from '@shelfwise/inference-contract';
import { jsonAnswer, type Route, route, streamBody } from '../http/route.ts';
import { predictAnew } from './anew.ts';
import type { Catalogue } from './catalogue.ts';
import { deleteProduct, patchProduct, replaceProduct } from './change.ts';
import { createProduct } from './create.ts';
import {
  access,
  always,
  changed,
  etagHeader,
  exampleProduct,
  ofChanges,
  ofPictures,
  tag,
} from './documented.ts';
import { whileThere } from './gone.ts';
import { ifMatch, tagged } from './preconditions.ts';
import { idempotencyHeaders, ifMatchHeaders, productParams } from './queries.ts';
import { readContent, readNewProduct, readPatch } from './reading.ts';

/** Products come, change and go. */
export function changeRoutes(there: () => Promise<Catalogue>): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/products',
      id: 'createProduct',
      summary: 'A new product, and its class',
      description:
        'The product is stored with what the release that serves makes of it. Where the service is busy the product is stored all the same, and predicted a little later.',
      ...{ tag, access },
      headers: idempotencyHeaders,
      body: streamBody({
        'application/json': { schema: newProductSchema, example: exampleProduct },
        'multipart/form-data': { schema: newProductFormSchema },
      }),
      responses: {
        201: jsonAnswer('The product.', productSchema, {
          headers: { ...etagHeader, Location: 'Where it is.' },
        }),
      },
      problems: [...always, ...ofPictures, 'conflict', 'idempotency-key-reused'],
      async handle({ ctx, headers, lease }) {
        const catalogue = await there();
        const given = await readNewProduct(ctx.req, lease);
        const product = await whileThere(ctx, (signal) =>
          createProduct(catalogue, {
            ...given,
            key: headers['idempotency-key'],
            caller: ctx.state.caller as Caller,
            signal,
          }),
        );
        ctx.set('Location', `/v1/products/${product.id}`);
        return tagged(ctx, product);
      },
    }),
    route({
      method: 'put',
      path: '/v1/products/{id}',
      id: 'replaceProduct',
      summary: 'All of a product anew',
      description:
        'What is left out the product has no longer. A correction stays. Text or a picture that is another is predicted anew.',
      ...{ tag, access },
      params: productParams,
      headers: ifMatchHeaders,
      body: streamBody({
        'application/json': { schema: productContentSchema, example: exampleProduct },
        'multipart/form-data': { schema: productContentFormSchema },
      }),
      responses: changed,
      problems: [...ofChanges, ...ofPictures],
      async handle({ ctx, params: { id }, headers, lease }) {
        const catalogue = await there();
        const wanted = ifMatch(headers['if-match']);
        const content = await readContent(ctx.req, lease);
        return tagged(
          ctx,
          await whileThere(ctx, (signal) =>
            replaceProduct(catalogue, { id, wanted, signal }, content),
          ),
        );
      },
    }),
    route({
      method: 'patch',
      path: '/v1/products/{id}',
      id: 'patchProduct',
      summary: 'Some of a product anew',
      description:
        'A merge patch: what is left out stays, `null` removes. Text or a picture that is another is predicted anew.',
      ...{ tag, access },
      params: productParams,
      headers: ifMatchHeaders,
      body: streamBody({
        'application/merge-patch+json': {
          schema: productPatchSchema,
          example: { description: null, category: 'garden' },
        },
        'application/json': {
          schema: productPatchSchema,
          example: { description: null, category: 'garden' },
        },
      }),
      responses: changed,
      problems: [...ofChanges, 'pictures-unavailable'],
      async handle({ ctx, params: { id }, headers, lease }) {
        const catalogue = await there();
        const wanted = ifMatch(headers['if-match']);
        const patch = await readPatch(ctx.req, lease);
        return tagged(
          ctx,
          await whileThere(ctx, (signal) => patchProduct(catalogue, { id, wanted, signal }, patch)),
        );
      },
    }),
    route({
      method: 'post',
      path: '/v1/products/{id}/prediction',
      id: 'predictProduct',
      summary: 'What the release that serves now makes of the product',
      description:
        'A product keeps what was predicted when its text or picture came, by whichever release that was: this asks again. It may be sent without a body.',
      ...{ tag, access },
      params: productParams,
      responses: changed,
      problems: [
        ...always,
        'not-found',
        'precondition-failed',
        'not-ready',
        'overloaded',
        'pictures-unavailable',
      ],
      async handle({ ctx, params: { id } }) {
        const catalogue = await there();
        return tagged(ctx, await whileThere(ctx, (signal) => predictAnew(catalogue, id, signal)));
      },
    }),
    route({
      method: 'delete',
      path: '/v1/products/{id}',
      id: 'deleteProduct',
      summary: 'No longer a product',
      description: 'Its corrections go with it; its picture is removed a week later.',
      ...{ tag, access },
      params: productParams,
      headers: ifMatchHeaders,
      responses: { 204: { description: 'It is gone.' } },
      problems: ofChanges,
      async handle({ ctx, params: { id }, headers }) {
        await deleteProduct(await there(), { id, wanted: ifMatch(headers['if-match']) });
        ctx.status = 204;
      },
    }),
  ];
}
