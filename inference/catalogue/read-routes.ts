import { binarySchema, productSchema, productsSchema } from '@shelfwise/inference-contract';
import { isKnown } from '../http/conditional.ts';
import { cursorAfter, readCursor } from '../http/cursor.ts';
import { Problem } from '../http/problems.ts';
import { jsonAnswer, type Route, route } from '../http/route.ts';
import type { Context } from '../http/state.ts';
import type { Catalogue } from './catalogue.ts';
import { access, always, etagHeader, tag } from './documented.ts';
import { listProducts } from './list.ts';
import { currentProduct } from './optimistic.ts';
import { openPicture } from './pictures.ts';
import { etag } from './preconditions.ts';
import { ifNoneMatchHeaders, listQuery, productParams } from './queries.ts';
import { toProduct } from './row.ts';

const notModified = { 304: { description: 'It is what the caller has.' } };
const aProductsId = /^[\x20-\x7e]{1,128}$/;

/** Products, one and many, and their pictures. */
export function readRoutes(there: () => Promise<Catalogue>): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/products',
      id: 'listProducts',
      summary: 'Products, page by page',
      description:
        'In the order of their ids: a product is on one page only, whatever changes meanwhile. A page is shorter than `limit` where its texts are very long.',
      ...{ tag, access },
      query: listQuery,
      responses: { 200: jsonAnswer('A page.', productsSchema) },
      problems: always,
      async handle({ query: { limit, cursor, corrected, ...filter } }) {
        const after = cursor === undefined ? undefined : readCursor(cursor, aProductsId);
        const { rows, last } = await listProducts(
          await there(),
          { ...filter, corrected: corrected === undefined ? undefined : corrected === 'true' },
          { after, limit },
        );
        return { products: rows.map(toProduct), next: last === null ? null : cursorAfter(last) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/products/{id}',
      id: 'getProduct',
      summary: 'A product',
      ...{ tag, access },
      params: productParams,
      headers: ifNoneMatchHeaders,
      responses: {
        200: jsonAnswer('The product.', productSchema, { headers: etagHeader }),
        ...notModified,
      },
      problems: [...always, 'not-found'],
      async handle({ ctx, params: { id }, headers }) {
        const row = await currentProduct(await there(), id, 'any');
        if (isFresh(ctx, etag(row.version), headers['if-none-match'])) return undefined;
        return toProduct(row);
      },
    }),
    route({
      method: 'get',
      path: '/v1/products/{id}/image',
      id: 'getProductImage',
      summary: "A product's picture",
      description: 'The file as it was sent.',
      ...{ tag, access },
      params: productParams,
      headers: ifNoneMatchHeaders,
      responses: {
        200: {
          description: 'The picture.',
          headers: { ETag: "The digest of the picture's bytes." },
          content: {
            'image/jpeg': { schema: binarySchema },
            'image/png': { schema: binarySchema },
            'image/webp': { schema: binarySchema },
          },
        },
        ...notModified,
      },
      problems: [...always, 'not-found', 'pictures-unavailable'],
      async handle({ ctx, params: { id }, headers }) {
        const catalogue = await there();
        const { image } = toProduct(await currentProduct(catalogue, id, 'any'));
        if (!image) {
          throw new Problem('not-found', `The product ${id} has no picture.`, { part: 'image' });
        }
        if (isFresh(ctx, `"${image.sha256}"`, headers['if-none-match'])) return;
        const bytes = await openPicture(catalogue.store, image.sha256);
        ctx.type = image.type;
        ctx.length = image.size;
        ctx.body = bytes;
      },
    }),
  ];
}

/** Sets the ETag; true where the caller has what is there, and is told so. What one caller may see, others may not. */
function isFresh(ctx: Context, tag: string, known: string | undefined): boolean {
  ctx.set('ETag', tag);
  ctx.set('Cache-Control', 'private, no-cache');
  if (known === undefined || !isKnown(known, tag)) return false;
  ctx.status = 304;
  return true;
}
