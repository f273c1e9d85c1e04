import * as z from 'zod';

/** An error of the HTTP API: RFC 9457 problem details, with the part of the request that is to blame. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    /** The field, part, header or path the problem is about. */
    part: z.string().optional(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem' });
