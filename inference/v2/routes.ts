import { binarySchema } from '@shelfwise/inference-contract';
import * as z from 'zod';
import type { Engine } from '../engine/engine.ts';
import type { Item, Prediction } from '../engine/item.ts';
import { refuseOtherThan } from '../http/input.ts';
import { callersPresence } from '../http/presence.ts';
import { jsonAnswer, type Route, route, streamBody } from '../http/route.ts';
import type { ServiceState } from '../http/service.ts';
import { version } from '../version.ts';
import { readInferRequest } from './infer-request.ts';
import { inferResponse, wantedOutputs } from './infer-response.ts';
import { modelAsked } from './model.ts';
import { ofProduct } from './of-product.ts';
import {
  inferRequestSchema,
  inferResponseSchema,
  modelMetadataSchema,
  serverMetadataSchema,
} from './schemas.ts';
import { inputNames } from './tensors.ts';

const tag = 'inference protocol';
const json = 'application/json';
const bytes = 'application/octet-stream';

/**
 * The Open Inference Protocol, version 2, over HTTP, with the extension "binary tensor data".
 * Source: https://github.com/kserve/open-inference-protocol.
 */
export function protocolRoutes(state: ServiceState, deadlineMs: number): Route[] {
  const ready = () => state.loaded !== undefined && !state.draining;
  const server = [
    route({
      method: 'get',
      path: '/v2',
      id: 'serverMetadata',
      summary: 'What this server is',
      tag,
      access: 'public',
      responses: { 200: jsonAnswer('Name, version, extensions.', serverMetadataSchema) },
      handle: () => ({ name: 'shelfwise', version, extensions: ['binary_tensor_data'] }),
    }),
    route({
      method: 'get',
      path: '/v2/health/live',
      id: 'serverLive',
      summary: 'Whether the server runs',
      tag,
      access: 'public',
      responses: { 200: jsonAnswer('It does.', z.strictObject({ live: z.literal(true) })) },
      handle: () => ({ live: true }),
    }),
    route({
      method: 'get',
      path: '/v2/health/ready',
      id: 'serverReady',
      summary: 'Whether the model serves',
      tag,
      access: 'public',
      responses: readiness(z.strictObject({ ready: z.boolean() })),
      handle({ ctx }) {
        ctx.status = ready() ? 200 : 503;
        return { ready: ready() };
      },
    }),
  ];
  const paths = [
    { path: '/v2/models/{name}', suffix: '', params: z.strictObject({ name: z.string() }) },
    {
      path: '/v2/models/{name}/versions/{version}',
      suffix: 'Version',
      params: z.strictObject({ name: z.string(), version: z.string() }),
    },
  ];
  return [
    ...server,
    ...paths.flatMap((at) => [
      metadata(state, at),
      modelReady(state, at),
      infer(state, deadlineMs, at),
    ]),
  ];
}

interface ModelPath {
  path: string;
  suffix: string;
  params: z.ZodType<{ name: string; version?: string }>;
}

function metadata(state: ServiceState, { path, suffix, params }: ModelPath): Route {
  return route({
    method: 'get',
    path,
    id: `model${suffix}Metadata`,
    summary: 'Inputs and outputs of the model',
    description:
      'The model is named as its ModelRelease, its version is the slot of the release that serves (`20261122-030000`).',
    tag,
    access: ['predict'],
    params,
    responses: { 200: jsonAnswer('Inputs and outputs.', modelMetadataSchema) },
    problems: ['not-ready'],
    handle({ params: asked }) {
      const { name, version: slot, served } = modelAsked(state, asked);
      return {
        name,
        versions: [slot],
        platform: 'onnxruntime_onnx',
        inputs: inputNames.map((input) => ({ name: input, datatype: 'BYTES', shape: [-1, 1] })),
        outputs: [
          { name: 'label', datatype: 'BYTES', shape: [-1] },
          { name: 'probabilities', datatype: 'FP32', shape: [-1, served.classes.length] },
          { name: 'classes', datatype: 'BYTES', shape: [served.classes.length] },
        ],
      };
    },
  });
}

function modelReady(state: ServiceState, { path, suffix, params }: ModelPath): Route {
  return route({
    method: 'get',
    path: `${path}/ready`,
    id: `model${suffix}Ready`,
    summary: 'Whether this model serves',
    tag,
    access: 'public',
    params,
    responses: readiness(z.strictObject({ name: z.string(), ready: z.boolean() })),
    problems: ['not-ready'],
    handle({ ctx, params: asked }) {
      const { name } = modelAsked(state, asked);
      ctx.status = state.draining ? 503 : 200;
      return { name, ready: !state.draining };
    },
  });
}

function readiness(schema: z.ZodType) {
  return { 200: jsonAnswer('Ready.', schema), 503: jsonAnswer('Not ready.', schema) };
}

function infer(
  state: ServiceState,
  deadlineMs: number,
  { path, suffix, params }: ModelPath,
): Route {
  return route({
    method: 'post',
    path: `${path}/infer`,
    id: `infer${suffix}`,
    summary: 'The classes of some products',
    description:
      'Inputs `designation`, `description` and `image` are BYTES of shape [N] or [N, 1] (an image in base64 where it stands in the JSON, the bytes of its file in binary form; an empty element is none). Outputs are `label` (BYTES, [N]), `probabilities` (FP32, [N, classes]) and, where it is asked for, `classes` (BYTES: the names of the columns). With the extension "binary tensor data", the header `Inference-Header-Content-Length` says where the JSON ends.',
    tag,
    access: ['predict'],
    params,
    body: streamBody({
      [json]: {
        schema: inferRequestSchema,
        example: {
          id: '1',
          inputs: [{ name: 'designation', shape: [1], datatype: 'BYTES', data: ['Spade'] }],
        },
      },
      [bytes]: { schema: binarySchema },
    }),
    responses: {
      200: {
        description: 'The outputs.',
        content: { [json]: { schema: inferResponseSchema }, [bytes]: { schema: binarySchema } },
        headers: {
          'Inference-Header-Content-Length':
            'Where the JSON ends, if outputs follow in binary form.',
        },
      },
    },
    problems: ['not-ready', 'nothing-to-classify', 'duplicate-part', 'model-fault'],
    async handle({ ctx, params: asked, lease }) {
      // Clients that send JSON without saying so are many: Triton's own says nothing.
      if (ctx.get('Content-Type') !== '') refuseOtherThan(ctx.req, [json, bytes]);
      const { engine, served, ...model } = modelAsked(state, asked);
      const arrived = engine.enter(deadlineMs);
      const { request, items } = await readInferRequest(ctx.req, lease).finally(arrived);
      const outputs = wantedOutputs(request);
      const predictions = await predictAll(engine, items, deadlineMs, callersPresence(ctx));
      const { document, binary } = inferResponse(predictions, {
        id: request.id,
        outputs,
        served,
        model,
      });
      const text = Buffer.from(JSON.stringify(document));
      if (binary.length === 0) {
        ctx.type = json;
        ctx.body = text;
        return;
      }
      ctx.set('Inference-Header-Content-Length', String(text.length));
      ctx.type = bytes;
      ctx.body = Buffer.concat([text, ...binary]);
    },
  });
}

/** All of them, or the problem of the first that has none; the others are then not waited for. */
async function predictAll(
  engine: Engine,
  items: readonly Item[],
  withinMs: number,
  whileHere: ReturnType<typeof callersPresence>,
): Promise<Prediction[]> {
  return Promise.all(
    items.map(async (item, i) => {
      try {
        return await whileHere((signal) => engine.predict(item, { withinMs, signal }));
      } catch (error) {
        throw ofProduct(error, i);
      }
    }),
  );
}
