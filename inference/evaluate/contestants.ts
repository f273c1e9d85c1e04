import type { Subject } from '@shelfwise/inference-contract';
import {
  type Metrics,
  type Sample,
  type Snapshot,
  type Store,
  samples,
} from '@shelfwise/trainer-contract';
import { detectLanguage } from '@shelfwise/trainer-contract/language';
import { loadModel } from '../model/load.ts';
import type { StepIo } from '../step.ts';
import { createAlike } from './alike.ts';
import { createNames, type Names } from './answers.ts';
import { type Judged, judge } from './judge.ts';
import { createProgress } from './progress.ts';

/** A model that was judged, and what it brought along. */
export interface Contestant extends Judged {
  labels: readonly string[];
  /** metrics.json of its bundle. */
  training: Metrics;
}

export interface Contest {
  candidate: Contestant;
  champion: Contestant | null;
  /** What the numbers of classes and languages in the answers stand for. */
  classes: Names;
  languages: Names;
}

/** Products in flight for each worker: two batches, so that none waits for the reader. */
const inFlightPerWorker = 16;
const storePatienceMs = 60_000;

/** Candidate, then champion, over the whole holdout: one model in memory at a time. */
export async function contest(
  { candidate, champion }: { candidate: Subject; champion: Subject | null },
  where: { store: Store; snapshot: Snapshot; io: StepIo },
): Promise<Contest> {
  const [classes, languages] = [createNames(), createNames([''])];
  const products = productsOf(where.snapshot);
  const alike = createAlike(products);
  const language = new Int32Array(products);
  // What a product is does not depend on who judges it: found out once, for both.
  const onSample = (sample: Sample, row: number) => {
    alike.add(sample, row);
    language[row] = languages.place(tellLanguage(sample));
  };
  const one = await answer(candidate, { ...where, classes, onSample });
  const other = champion && (await answer(champion, { ...where, classes }));
  const group = alike.groups();
  for (const model of [one, other]) {
    model?.answers.language.set(language);
    model?.answers.group.set(group);
  }
  return { candidate: one, champion: other, classes, languages };
}

const productsOf = ({ shards }: Snapshot) =>
  shards.holdout.reduce((sum, shard) => sum + shard.products, 0);

function tellLanguage({ designation, description }: Sample): string {
  return detectLanguage(`${designation} ${description ?? ''}`) ?? '';
}

/** One model over the whole holdout. Verifies it first, as serving does. */
async function answer(
  subject: Subject,
  given: {
    store: Store;
    snapshot: Snapshot;
    io: StepIo;
    classes: Names;
    onSample?: (sample: Sample, row: number) => void;
  },
): Promise<Contestant> {
  const { store, snapshot, io, classes, onSample } = given;
  const { config, log, signal } = io;
  const products = productsOf(snapshot);
  const progress = createProgress(subject.release, products, io.progress);
  const model = await loadModel({
    store,
    ...subject,
    scratchDir: config.scratchDir,
    workers: config.workers,
    queueCapacity: Number.POSITIVE_INFINITY,
    patienceMs: storePatienceMs,
    signal,
    log,
    onProgress: progress.doing,
  });
  try {
    const labels = model.bundle.labels.classes;
    const holdout = samples(store, snapshot, 'holdout', { scratchDir: config.scratchDir });
    const judged = await judge(holdout, {
      engine: model.engine,
      labels,
      classes,
      ...(onSample && { onSample }),
      products,
      inFlight: config.workers * inFlightPerWorker,
      signal,
      onProduct: progress.product,
    });
    return { ...judged, labels, training: model.bundle.metrics };
  } finally {
    await model.close();
  }
}
