import { catalogueLimits, categorySchema, productIdSchema } from '@shelfwise/inference-contract';
import * as z from 'zod';

export const productParams = z.strictObject({ id: productIdSchema });

const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(catalogueLimits.pageMaximum)
  .default(catalogueLimits.pageDefault)
  .meta({ description: 'How many at most.' });
const cursor = z
  .string()
  .min(1)
  .max(400)
  .optional()
  .meta({ description: 'The `next` of the page before.' });

export const pageQuery = z.strictObject({ limit, cursor });

export const listQuery = z.strictObject({
  limit,
  cursor,
  category: categorySchema.optional().meta({
    description: 'Those whose label this is: the correction, else the category given.',
  }),
  corrected: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Those with a correction that stands, or those without.' }),
  updatedSince: z.iso
    .datetime({ offset: true })
    .refine((time) => Date.parse(time) >= 0, { error: 'must be a time since 1970' })
    .optional()
    .meta({
      description:
        'Those that were created, changed, corrected or predicted since. Begin a little before the last time that you asked: what was under way then came later.',
    }),
});

export const ifMatchHeaders = z.object({
  'if-match': z
    .string()
    .max(1_000)
    .optional()
    .meta({
      description: 'The ETag of the product as you saw it; `*` to change it in any case.',
      examples: ['*'],
    }),
});

export const ifNoneMatchHeaders = z.object({
  'if-none-match': z
    .string()
    .max(1_000)
    .optional()
    .meta({ description: 'The ETag that you have: 304 where it is still that.' }),
});

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, {
      error: 'must be 1 to 255 printable characters of ASCII, without spaces',
    })
    .optional()
    .meta({
      description:
        'Any word that is new for each product (a UUID): sent again within 24 hours, the same request is answered as the first time and stores nothing twice.',
    }),
});
