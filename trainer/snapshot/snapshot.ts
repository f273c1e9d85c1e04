import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  claimOwner,
  keys,
  openStore,
  type Snapshot,
  writeHashed,
} from '@shelfwise/trainer-contract';
import { createPace } from '../pace.ts';
import type { StepIo } from '../step.ts';
import { openCatalog } from './catalog.ts';
import { collectProducts } from './collect.ts';
import { createInvalidList } from './invalid.ts';
import { membersJson } from './members.ts';
import type { SnapshotOptions } from './options.ts';
import { count } from './packed-list.ts';
import { readParent } from './parent.ts';
import { countClasses, indicesOn, placeProducts, withoutUnlearnable } from './place.ts';
import type { Side, Source } from './product.ts';
import type { ProductList } from './product-list.ts';
import { publishSnapshot } from './publish.ts';
import { openRakuten } from './rakuten.ts';
import { describeData } from './report.ts';
import { usableRows } from './rows.ts';
import { writeShards } from './shards.ts';
import { openSpool } from './spool.ts';

/**
 * Makes an immutable dataset of a source's labelled products and returns what it wrote. The same
 * products and parent give the same dataset, whatever the order of rows, and writing it twice
 * changes nothing. Texts and pictures are on disk; of a product some 200 bytes stay in memory.
 */
export async function makeSnapshot(options: SnapshotOptions, io: StepIo): Promise<Snapshot> {
  const { config, signal } = io;
  const store = openStore(options.store, config.store);
  if (options.ownerUid) await claimOwner(store, options.ownerUid);
  const parent = await readParent(store, options.parent);
  const source = openSource(options, io);
  const dir = await mkdtemp(join(config.scratchDir, 'snapshot-'));
  const leftOut = join(dir, 'left-out.jsonl');
  const invalid = createInvalidList((entry) =>
    appendFileSync(leftOut, `${JSON.stringify(entry)}\n`),
  );
  const spool = await openSpool(join(dir, 'products'));
  const pace = (phase: string, of?: number) =>
    createPace(io.progress, { step: 'snapshot', phase, total: of });
  try {
    async function refuse(total: number): Promise<void> {
      const maximum = options.maximumInvalidPercent;
      if (!invalid.isAbove(maximum, total)) return;
      await store.write(keys.refused, { path: leftOut }, { contentType: 'application/x-ndjson' });
      throw invalid.refusal(maximum, total, `${store.url}/${keys.refused}`);
    }

    /** A function of its own, so that what a product was before it was placed does not stay in memory. */
    async function readProducts() {
      const { rows, total } = await usableRows(source, {
        ...{ spool, invalid, signal },
        ...pace('rows'),
      });
      await refuse(total);
      const pictures = count(rows, (row) => row.namesPicture);
      const products = await collectProducts(source, rows, {
        ...{ spool, invalid, verified: parent.verified, signal },
        ...pace('pictures', pictures),
      });
      placeProducts(products, parent, options.holdoutPercent);
      return { products: withoutUnlearnable(products, source, invalid), total };
    }
    const { products, total } = await readProducts();
    await refuse(total);
    const classes = countClasses(products, source);
    const side = (name: Side) => products.pick(indicesOn(products, name));
    const writing = { store, spool, dir, signal, ...pace('shards', products.length) };
    const shards = {
      train: await writeShards(side('train'), writing),
      holdout: await writeShards(side('holdout'), writing),
    };
    const { members } = parent;
    const report = await describeData({
      ...{ products, rows: total, source, invalid, spool },
      parent: { digest: options.parent, members },
    });
    signal.throwIfAborted();
    const content = {
      schemaVersion: 1 as const,
      products: products.length,
      counts: {
        train: report.train,
        holdout: report.holdout,
        groups: countGroups(products),
        invalid: invalid.count,
      },
      classes,
      shards,
      source: { kind: source.kind, url: source.url },
      parent: options.parent ?? null,
      invalid: invalid.kept,
      createdAt: new Date().toISOString(),
    };
    const path = join(dir, 'members.json');
    const written = { path, ...(await writeHashed(path, membersJson(products, classes))) };
    return await publishSnapshot(store, content, written, report);
  } finally {
    await spool.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Groups are numbered over all products that were read: of those that are kept some numbers are missing. */
function countGroups(products: ProductList): number {
  return new Set(Iterator.from(products).map(({ group }) => group)).size;
}

function openSource(options: SnapshotOptions, { config }: StepIo): Source {
  if (options.source === 'rakuten') return openRakuten(options.from, config.store);
  return openCatalog(options.from, config.store, config.databaseUrlFile);
}
