import { digestSchema } from '@shelfwise/trainer-contract';
import { z } from 'zod';
import { parseOptions } from '../options.ts';

export const snapshotUsage = `Usage: trainer snapshot --from URL --store URL [options]

Makes an immutable dataset of labelled products.

  --from URL                     where the products are: s3://BUCKET/PREFIX or file:///FOLDER
  --store URL                    where the dataset goes: s3://BUCKET/PREFIX or file:///FOLDER
  --source rakuten|catalog       layout of the Rakuten challenge (default), or a shop's database
                                 (its URL in the file DATABASE_URL_FILE; --from: its pictures)
  --holdout-percent N            share of each class that is held out, 1 to 50 (default 10)
  --maximum-invalid-percent N    fail when more products than this cannot be used (default 1)
  --parent sha256:HEX            an earlier dataset of the store, whose split is kept
  --owner-uid UID                UID of the ModelRelease that the store must belong to
`;

const percent = (least: number, most: number) => z.coerce.number().min(least).max(most);

const schema = z.strictObject({
  from: z.string().min(1),
  store: z.string().min(1),
  source: z.enum(['rakuten', 'catalog']).default('rakuten'),
  'holdout-percent': percent(1, 50).default(10),
  'maximum-invalid-percent': percent(0, 100).default(1),
  parent: digestSchema.optional(),
  'owner-uid': z.string().min(1).optional(),
});

export interface SnapshotOptions {
  from: string;
  store: string;
  source: 'rakuten' | 'catalog';
  holdoutPercent: number;
  maximumInvalidPercent: number;
  parent?: string | undefined;
  ownerUid?: string | undefined;
}

/** The options of the command line. Throws BadConfiguration naming the option. */
export function snapshotOptions(args: string[]): SnapshotOptions {
  const seen = parseOptions(schema, args);
  return {
    from: seen.from,
    store: seen.store,
    source: seen.source,
    holdoutPercent: seen['holdout-percent'],
    maximumInvalidPercent: seen['maximum-invalid-percent'],
    parent: seen.parent,
    ownerUid: seen['owner-uid'],
  };
}
