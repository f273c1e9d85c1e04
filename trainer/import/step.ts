import { z } from 'zod';
import { parseOptions } from '../options.ts';
import type { Step } from '../step.ts';
import { importDownload } from './import.ts';

const schema = z.strictObject({ from: z.string().min(1), to: z.string().min(1) });

export const importStep: Step = {
  usage: `Usage: trainer import --from FOLDER_OR_ZIP --to URL

Brings a download of the Rakuten challenge (X_train*.csv, Y_train*.csv, the images folder or
images.zip) to s3://BUCKET/PREFIX or file:///FOLDER, in the layout that snapshot reads. May be
stopped and started again: what is there already is not sent again.
`,
  async run(args, io) {
    const { from, to } = parseOptions(schema, args);
    return { message: { step: 'import', ok: true, to, ...(await importDownload(from, to, io)) } };
  },
};
