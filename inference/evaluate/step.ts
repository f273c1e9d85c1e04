import { type Evaluation, evaluationSchema, type Subject } from '@shelfwise/inference-contract';
import {
  keys,
  openStore,
  readManifest,
  readSnapshot,
  StepError,
  type Store,
} from '@shelfwise/trainer-contract';
import type { Step, StepIo } from '../step.ts';
import { compare } from './comparison.ts';
import { type Contest, contest } from './contestants.ts';
import { type Asked, factsOf, scoresOf } from './facts.ts';
import { gateNumbers } from './gate.ts';
import { learningOf } from './learning.ts';
import { type EvaluateOptions, evaluateOptions, evaluateUsage } from './options.ts';
import { evaluationPage } from './page/page.ts';
import { publishPage } from './page/publish.ts';

export const evaluateStep: Step = {
  usage: evaluateUsage,
  run: (args, io) => evaluate(evaluateOptions(args), io),
};

async function evaluate({ store: url, ...options }: EvaluateOptions, io: StepIo) {
  const started = performance.now();
  const gate = gateNumbers(options.gate);
  const store = openStore(url, io.config.store);
  const snapshot = await readSnapshot(store, options.dataset);
  const asked: Asked = { ...options, candidate: await candidateOf(store, options.candidate) };
  const held = await contest(asked, { store, snapshot, io });
  if (held.champion)
    io.progress({ release: asked.candidate.release, phase: 'comparing with the champion' });
  const found = findings(asked, held, gate.confidence);
  const evaluation: Evaluation = evaluationSchema.parse({
    schemaVersion: 1,
    facts: factsOf(asked, found, gate.minimumSupport),
    ...found,
    learning: learningOf(held.candidate.training),
    seconds: (performance.now() - started) / 1000,
    evaluatedAt: new Date().toISOString(),
  } satisfies Evaluation);
  io.signal.throwIfAborted();
  const { release } = asked.candidate;
  await store.write(keys.evaluation(release), Buffer.from(JSON.stringify(evaluation)), {
    contentType: 'application/json',
  });
  io.progress({ release, phase: 'drawing the page' });
  const where = { store, key: keys.evaluationPage(release), log: io.log, signal: io.signal };
  const { scratchDir } = io.config;
  const report = await publishPage(
    (signal) => evaluationPage(evaluation, held, { gate, store, snapshot, scratchDir, signal }),
    where,
  );
  return {
    message: evaluation.facts,
    detail: {
      evaluation: `${store.url}/${keys.evaluation(release)}`,
      report,
      seconds: evaluation.seconds,
    },
  };
}

function findings(asked: Asked, held: Contest, confidence: number) {
  const { candidate, champion, classes, languages } = held;
  const digests = [asked.dataset, asked.candidate.digest, asked.champion?.digest];
  return {
    candidate: scoresOf(candidate, { labels: candidate.labels, classes, languages }),
    champion: champion && scoresOf(champion, { labels: champion.labels, classes, languages }),
    comparison:
      champion && compare(candidate, champion, { classes, confidence, seed: digests.join(' ') }),
  };
}

/** The release with the digest that its manifest names, which must be the one that was asked for. */
async function candidateOf(
  store: Store,
  { release, digest }: EvaluateOptions['candidate'],
): Promise<Subject> {
  const manifest = await readManifest(store, release);
  const named = manifest.tar.sha256;
  if (digest !== undefined && digest !== named) {
    throw new StepError(
      'BadData',
      `${keys.manifest(release)} in ${store.url} names the model tar ${named}, but ${digest} was to be evaluated.`,
    );
  }
  return { release, digest: named };
}
