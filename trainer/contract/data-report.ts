import { z } from 'zod';
import { keys } from './layout.ts';
import { digestSchema } from './messages.ts';
import { parseDocument } from './parse.ts';
import { invalidSchema, type Snapshot } from './snapshot.ts';
import type { Store } from './store.ts';

const count = z.number().int().nonnegative();
const byLanguage = z.object({
  /** ISO 639-1; null where the text is too short to tell. */
  language: z.string().nullable(),
  products: count,
});

/** How values are spread; null where there are none. A bin holds the values from `from` to `to`, both included. */
const distributionSchema = z
  .object({
    minimum: z.number(),
    p05: z.number(),
    p25: z.number(),
    median: z.number(),
    p75: z.number(),
    p95: z.number(),
    maximum: z.number(),
    mean: z.number(),
    bins: z.array(z.object({ from: z.number(), to: z.number(), products: count })),
  })
  .nullable();
export type Distribution = z.infer<typeof distributionSchema>;

const classSchema = z.object({
  class: z.string(),
  train: count,
  holdout: count,
  withoutDescription: count,
  withoutPicture: count,
  languages: z.array(byLanguage),
});

/** A product as the source knows it. `row` counts from 1 after the header. */
const namedProduct = z.object({ id: z.string(), row: count, class: z.string() });

/** Products that are one and the same for a model: equal text or equal picture, or linked by others of these. */
const duplicateSchema = z.object({
  products: count,
  classes: z.array(z.string()),
  designation: z.string(),
  examples: z.array(namedProduct),
});

/** Products with one and the same text or picture that stand under different classes. */
const conflictsSchema = z.object({
  sets: count,
  products: count,
  examples: z.array(duplicateSchema),
});

const relabelled = z.object({
  products: count,
  moves: z.array(z.object({ from: z.string(), to: z.string(), products: count })),
  examples: z.array(z.object({ id: z.string(), row: count, from: z.string(), to: z.string() })),
});

/** `datasets/<hex>/report.json`: what the data of a snapshot are like, for the people who keep the catalogue. */
export const dataReportSchema = z.object({
  schemaVersion: z.literal(1),
  dataset: digestSchema,
  source: z.object({ kind: z.enum(['rakuten', 'catalog']), url: z.string() }),
  /** Rows of the source; all of them are either products or left out. */
  rows: count,
  products: count,
  train: count,
  holdout: count,
  /** Largest first. */
  classes: z.array(classSchema),
  /** Largest class by smallest, and how many classes of equal size would be as diverse (exp of the entropy). */
  imbalance: z.object({ ratio: z.number(), effectiveClasses: z.number() }),
  missing: z.object({ description: count, picture: count }),
  languages: z.array(byLanguage),
  texts: z.object({
    designation: distributionSchema,
    description: distributionSchema,
    /** Products in whose text letters are lost: their file is not UTF-8, or was not once. */
    damaged: count,
  }),
  pictures: z.object({
    formats: z.array(z.object({ format: z.string(), products: count })),
    width: distributionSchema,
    height: distributionSchema,
    bytes: distributionSchema,
  }),
  duplicates: z.object({
    /** Groups of more than one product, and the products in them. */
    groups: count,
    products: count,
    /** Held-out products that have a duplicate in train: none, unless the source's own split asks for it. */
    acrossSides: count,
    largest: z.array(duplicateSchema),
  }),
  conflicts: z.object({
    /** In sets of either kind; who is in both counts once. */
    products: count,
    text: conflictsSchema,
    picture: conflictsSchema,
  }),
  leftOut: z.object({
    products: count,
    reasons: z.array(
      z.object({
        column: z.string(),
        /** Figures that differ from product to product stand as `…`. */
        reason: z.string(),
        products: count,
        examples: z.array(invalidSchema),
      }),
    ),
  }),
  /** Since the parent; null where there is none. `relabelled` is null where the parent does not tell its classes. */
  changes: z
    .object({
      parent: digestSchema,
      added: count,
      removed: count,
      kept: count,
      relabelled: relabelled.nullable(),
      byClass: z.array(z.object({ class: z.string(), added: count, removed: count })),
    })
    .nullable(),
});
export type DataReport = z.infer<typeof dataReportSchema>;

/** Reads the report of a dataset. Throws StoreNotFound for one that was taken before there were reports. */
export async function readDataReport(
  store: Store,
  snapshot: Pick<Snapshot, 'digest'>,
): Promise<DataReport> {
  const key = keys.dataReport(snapshot.digest);
  return parseDocument(dataReportSchema, await store.read(key), key);
}
