import * as z from 'zod';

/** `GET /v1/releases`. */
export const releasesSchema = z
  .strictObject({
    releases: z.array(
      z.strictObject({
        release: z.string(),
        evaluated: z.boolean().meta({ description: 'Whether it was judged on held-out products.' }),
        serving: z.boolean().meta({ description: 'Whether this service answers with it.' }),
      }),
    ),
  })
  .meta({ id: 'Releases' });
