import * as z from 'zod';

/** What an explanation may cost: each word or region is a prediction more. */
export const explainLimits = {
  /** Beyond so many different words, runs of words are left out together. */
  words: 48,
  /** Cells along the longer side of the picture. */
  cells: 6,
  /** Given up after. */
  withinMs: 10_000,
} as const;

const effect = {
  without: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .meta({ description: 'Its probability without this; null where nothing would be left.' }),
  contribution: z.number().nullable().meta({
    description:
      'Log odds of the class with this, less those without: positive speaks for the class, negative against it.',
  }),
};

const placeSchema = z.strictObject({
  part: z.enum(['designation', 'description']),
  start: z.int().meta({ description: 'In UTF-16 code units.' }),
  end: z.int().meta({ description: 'Behind the last one.' }),
});

/** Which words and regions an answer owes itself to. */
export const explanationSchema = z
  .strictObject({
    class: z.string().meta({ description: 'The class that is explained: the likeliest.' }),
    probability: z.number().min(0).max(1),
    words: z.array(z.strictObject({ text: z.string(), at: z.array(placeSchema), ...effect })).meta({
      description: 'In the order of the text. All places of a word are left out at once.',
    }),
    regions: z
      .array(
        z.strictObject({
          region: z
            .tuple([z.number(), z.number(), z.number(), z.number()])
            .meta({ description: 'Left, top, width, height, as shares of the upright picture.' }),
          ...effect,
        }),
      )
      .meta({ description: 'Cells of a grid, row by row. Each is painted grey.' }),
  })
  .meta({ id: 'Explanation' });

export type Explanation = z.infer<typeof explanationSchema>;
