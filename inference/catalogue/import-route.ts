import {
  catalogueLimits,
  importLineSchema,
  importResultSchema,
} from '@shelfwise/inference-contract';
import { readBody } from '../http/body.ts';
import { refuseOtherThan } from '../http/input.ts';
import { jsonAnswer, type Route, route, streamBody } from '../http/route.ts';
import type { Catalogue } from './catalogue.ts';
import { access, always, exampleProduct, tag } from './documented.ts';
import { whileThere } from './gone.ts';
import { importProducts } from './import.ts';

const ndjson = 'application/x-ndjson';

/** `POST /v1/products/import`: as many products as fit into a request. */
export function importRoute(there: () => Promise<Catalogue>): Route {
  return route({
    method: 'post',
    path: '/v1/products/import',
    id: 'importProducts',
    summary: 'Many products at once',
    description: `One JSON object a line, at most ${catalogueLimits.importLines} lines and ${catalogueLimits.bodyBytes / 2 ** 20} MiB; send larger catalogues in several requests, one after the other. A product that is there under the id is replaced, one that is as it was is left alone: a request that failed may be sent again as it is. Predictions come later.`,
    ...{ tag, access },
    body: streamBody({
      [ndjson]: {
        schema: importLineSchema,
        example: { id: 'spade-1', ...exampleProduct },
      },
    }),
    responses: { 200: jsonAnswer('What came of the lines.', importResultSchema) },
    problems: [...always, 'pictures-unavailable'],
    async handle({ ctx, lease }) {
      const catalogue = await there();
      refuseOtherThan(ctx.req, [ndjson]);
      const body = await readBody(ctx.req, catalogueLimits.bodyBytes, lease);
      return whileThere(ctx, (signal) => importProducts(catalogue, body, signal));
    },
  });
}
