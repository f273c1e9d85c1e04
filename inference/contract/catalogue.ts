import * as z from 'zod';
import { callerKinds } from './caller.ts';
import { binarySchema, predictLimits, predictResponseSchema } from './http.ts';

/** Limits of the catalogue; those of texts and bodies are predict's. Characters are UTF-16 code units. */
export const catalogueLimits = {
  ...predictLimits,
  idCharacters: 128,
  categoryCharacters: 200,
  pageDefault: 50,
  pageMaximum: 500,
  importLines: 1_000,
} as const;

/** Letters that stand in a path as they are. */
export const productIdSchema = z
  .string()
  .regex(new RegExp(`^[A-Za-z0-9][A-Za-z0-9._:~-]{0,${catalogueLimits.idCharacters - 1}}$`), {
    error: `must be 1 to ${catalogueLimits.idCharacters} letters, digits, dots, dashes, colons, tildes or underscores, and begin with a letter or digit`,
  })
  .meta({ description: "The product's id, the shop's own or one that was given here." });

/** Text that PostgreSQL can hold. */
function text(characters: number) {
  return z
    .string()
    .max(characters, { error: `must have at most ${characters} characters` })
    .refine((value) => !value.includes('\0') && value.isWellFormed(), {
      error: 'must hold no NUL and no half of a surrogate pair',
    });
}

const filled = (characters: number) =>
  text(characters).refine((value) => value.trim() !== '', { error: 'must not be blank' });

const designation = filled(catalogueLimits.designationCharacters).meta({
  description: 'The name of the product.',
});
const description = text(catalogueLimits.descriptionCharacters).meta({
  description: 'What the shop says about it. Blank is none.',
});
/** The name of a category, as the shop has it. */
export const categorySchema = filled(catalogueLimits.categoryCharacters);
const category = categorySchema.meta({
  description:
    'The category that the shop gives the product, if it knows it: the next release learns from it.',
});
const image = z.base64({ error: 'must be the bytes of a file in base64' }).meta({
  contentEncoding: 'base64',
  description: 'A JPEG, PNG or WebP file in base64.',
});

/** What a product is, without its id: the body of a PUT. What is left out the product has not. */
export const productContentSchema = z
  .strictObject({
    designation,
    description: description.nullish(),
    category: category.nullish(),
    image: image.nullish(),
  })
  .meta({ id: 'ProductContent' });

export const newProductSchema = productContentSchema
  .extend({ id: productIdSchema.nullish() })
  .meta({ id: 'NewProduct' });

/** A merge patch (RFC 7396): what is left out stays, null removes. */
export const productPatchSchema = z
  .strictObject({
    designation: designation.optional(),
    description: description.nullish(),
    category: category.nullish(),
    image: image.nullish(),
  })
  .meta({ id: 'ProductPatch' });

/** The forms of the same; the image is a file. For documents alone: forms are read as they stream in. */
const parts = {
  designation,
  description: description.optional(),
  category: category.optional(),
  image: binarySchema.meta({ description: 'A JPEG, PNG or WebP file.' }).optional(),
};
export const productContentFormSchema = z.strictObject(parts).meta({ id: 'ProductContentForm' });
export const newProductFormSchema = z
  .strictObject({ id: productIdSchema.optional(), ...parts })
  .meta({ id: 'NewProductForm' });

const actorSchema = z.strictObject({
  kind: z.enum(callerKinds),
  id: z.string(),
  name: z.string(),
});

/** One step of a product's corrections. */
const correctionSchema = z
  .strictObject({
    category: z
      .string()
      .nullable()
      .meta({ description: 'null: the correction before was withdrawn.' }),
    from: z
      .strictObject({
        label: z.string().nullable(),
        predicted: z.string().nullable(),
        release: z.string().nullable(),
      })
      .meta({ description: 'What stood there: the label, and what which release had predicted.' }),
    by: actorSchema,
    at: z.iso.datetime(),
  })
  .meta({ id: 'Correction' });

export const newCorrectionSchema = z
  .strictObject({
    category: categorySchema.meta({ description: 'The right category.' }),
  })
  .meta({ id: 'NewCorrection' });

export const correctionsSchema = z
  .strictObject({
    corrections: z.array(correctionSchema).meta({ description: 'The newest first.' }),
    next: z.string().nullable(),
  })
  .meta({ id: 'Corrections' });

/** What a release made of the product's text and picture as they are now. */
const productPredictionSchema = z
  .discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('done'),
      ...predictResponseSchema.shape,
      class: z.string(),
      probability: z.number().min(0).max(1),
      at: z.iso.datetime(),
    }),
    z.strictObject({ status: z.literal('pending') }),
    z.strictObject({ status: z.literal('none'), reason: z.string() }),
  ])
  .meta({ id: 'ProductPrediction' });

export const productSchema = z
  .strictObject({
    id: productIdSchema,
    designation: z.string(),
    description: z.string().nullable(),
    image: z
      .strictObject({ sha256: z.string(), size: z.int(), type: z.string() })
      .nullable()
      .meta({ description: 'The picture itself is at /v1/products/{id}/image.' }),
    category: z.string().nullable().meta({ description: 'What the shop gave.' }),
    correction: correctionSchema.nullable(),
    label: z.string().nullable().meta({
      description:
        'What the next release learns: the correction, else the category given. null: nothing is learnt from it.',
    }),
    prediction: productPredictionSchema,
    version: z.int().meta({ description: 'As in the ETag; raised by every change.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Product' });

export const productsSchema = z
  .strictObject({
    products: z.array(productSchema),
    next: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page; null on the last one.' }),
  })
  .meta({ id: 'Products' });

/** A line of an import: a product with its own id. What is there under this id is replaced. */
export const importLineSchema = productContentSchema
  .extend({ id: productIdSchema })
  .meta({ id: 'ImportLine' });

export const importResultSchema = z
  .strictObject({
    created: z.int(),
    replaced: z.int(),
    unchanged: z.int(),
    refused: z
      .array(
        z.strictObject({
          line: z.int().meta({ description: 'Counted from 1.' }),
          id: z.string().nullable(),
          part: z.string(),
          detail: z.string(),
        }),
      )
      .meta({ description: 'Lines that were left out, and why. All others are stored.' }),
  })
  .meta({ id: 'ImportResult' });

export type Product = z.infer<typeof productSchema>;
export type Correction = z.infer<typeof correctionSchema>;
export type Actor = z.infer<typeof actorSchema>;
export type ProductPrediction = z.infer<typeof productPredictionSchema>;
export type ImportResult = z.infer<typeof importResultSchema>;
