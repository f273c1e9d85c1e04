import * as z from 'zod';

/** Products of one request. */
export const mostProducts = 32;

const parametersSchema = z.record(z.string(), z.unknown()).optional();

const tensorShape = z.array(z.int().min(0)).min(1).max(2);

export const inferRequestSchema = z
  .object({
    id: z.string().max(200).optional(),
    parameters: parametersSchema,
    inputs: z
      .array(
        z.object({
          name: z.string(),
          shape: tensorShape,
          datatype: z.string(),
          parameters: parametersSchema,
          data: z.array(z.unknown()).optional(),
        }),
      )
      .min(1)
      .max(16),
    outputs: z
      .array(z.object({ name: z.string(), parameters: parametersSchema }))
      .max(16)
      .optional(),
  })
  .meta({ id: 'InferRequest' });

export const inferResponseSchema = z
  .strictObject({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    parameters: z.strictObject({ release: z.string(), digest: z.string() }),
    outputs: z.array(
      z.strictObject({
        name: z.string(),
        shape: z.array(z.int()),
        datatype: z.string(),
        parameters: z.strictObject({ binary_data_size: z.int() }).optional(),
        data: z.array(z.union([z.string(), z.number()])).optional(),
      }),
    ),
  })
  .meta({ id: 'InferResponse' });

const tensorMetadata = z.strictObject({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()),
});

export const modelMetadataSchema = z
  .strictObject({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorMetadata),
    outputs: z.array(tensorMetadata),
  })
  .meta({ id: 'ModelMetadata' });

export const serverMetadataSchema = z
  .strictObject({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
  .meta({ id: 'ServerMetadata' });

export type InferRequest = z.infer<typeof inferRequestSchema>;
export type InferResponse = z.infer<typeof inferResponseSchema>;
