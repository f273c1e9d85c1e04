import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  claimOwner,
  openStore,
  readMembers,
  readSnapshot,
  type Snapshot,
  type Store,
} from '@shelfwise/trainer-contract';
import { createPace } from '../pace.ts';
import type { StepIo } from '../step.ts';
import { openCatalog } from './catalog.ts';
import { collectProducts } from './collect.ts';
import { createInvalidList } from './invalid.ts';
import type { SnapshotOptions } from './options.ts';
import { countClasses, membersOf, placeProducts, withoutUnlearnable } from './place.ts';
import type { Side, Source } from './product.ts';
import { publishSnapshot } from './publish.ts';
import { openRakuten } from './rakuten.ts';
import { usableRows } from './rows.ts';
import { writeShards } from './shards.ts';
import { openSpool } from './spool.ts';

/**
 * Makes an immutable dataset of a source's labelled products and returns what it wrote. The same
 * products and parent give the same dataset, whatever the order of rows, and writing it twice
 * changes nothing. Rows stay in memory, pictures on disk.
 */
export async function makeSnapshot(options: SnapshotOptions, io: StepIo): Promise<Snapshot> {
  const { config, signal } = io;
  const store = openStore(options.store, config.store);
  if (options.ownerUid) await claimOwner(store, options.ownerUid);
  const before = await sidesOf(store, options.parent);
  const source = openSource(options, io);
  const invalid = createInvalidList();
  const { rows, total } = await usableRows(source, invalid, signal);
  invalid.refuseAbove(options.maximumInvalidPercent, total);
  const dir = await mkdtemp(join(config.scratchDir, 'snapshot-'));
  const spool = await openSpool(join(dir, 'pictures'));
  const pace = (phase: string, of: number) =>
    createPace(io.progress, { step: 'snapshot', phase, total: of });
  try {
    const pictures = pace('pictures', rows.filter((row) => row.pictureKey).length);
    const found = await collectProducts(source, rows, { spool, invalid, signal, ...pictures });
    const placed = placeProducts(found, before, options.holdoutPercent);
    const products = withoutUnlearnable(placed, source, invalid);
    invalid.refuseAbove(options.maximumInvalidPercent, total);
    const classes = countClasses(products, source);
    const side = (name: Side) => products.filter((product) => product.side === name);
    const writing = { store, spool, dir, signal, ...pace('shards', products.length) };
    const shards = {
      train: await writeShards(side('train'), writing),
      holdout: await writeShards(side('holdout'), writing),
    };
    signal.throwIfAborted();
    const content = {
      schemaVersion: 1 as const,
      products: products.length,
      counts: {
        train: side('train').length,
        holdout: side('holdout').length,
        groups: new Set(products.map((product) => product.group)).size,
        invalid: invalid.count,
      },
      classes,
      shards,
      source: { kind: source.kind, url: source.url },
      parent: options.parent ?? null,
      invalid: invalid.kept,
      createdAt: new Date().toISOString(),
    };
    return await publishSnapshot(store, content, membersOf(products));
  } finally {
    await spool.close();
    await rm(dir, { recursive: true, force: true });
  }
}

function openSource(options: SnapshotOptions, { config }: StepIo): Source {
  if (options.source === 'rakuten') return openRakuten(options.from, config.store);
  return openCatalog(options.from, config.store, config.databaseUrlFile);
}

async function sidesOf(store: Store, parent: string | undefined): Promise<Map<string, Side>> {
  if (!parent) return new Map();
  const { train, holdout } = await readMembers(store, await readSnapshot(store, parent));
  return new Map([
    ...train.map((key) => [key, 'train'] as const),
    ...holdout.map((key) => [key, 'holdout'] as const),
  ]);
}
