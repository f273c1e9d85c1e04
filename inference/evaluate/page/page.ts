import type { Evaluation } from '@shelfwise/inference-contract';
import { markup, page } from '@shelfwise/report';
import type { Snapshot, Store } from '@shelfwise/trainer-contract';
import type { Contest } from '../contestants.ts';
import type { GateNumbers } from '../gate.ts';
import { calibrationSection } from './calibration.ts';
import { classesSection, confusionSection } from './classes.ts';
import { pickExamples } from './examples.ts';
import { readShown } from './exhibits.ts';
import { missedSection, mistakesSection } from './gallery.ts';
import { contestSection, headline } from './headline.ts';
import { learningSection } from './learning.ts';
import { partsSection } from './parts.ts';
import { count } from './words.ts';

/**
 * The evaluation as a page for people: what evaluation.json holds, drawn, and products that went wrong. It has no verdict,
 * that is the operator's.
 */
export async function evaluationPage(
  evaluation: Evaluation,
  contest: Contest,
  given: {
    gate: GateNumbers;
    store: Store;
    snapshot: Snapshot;
    scratchDir: string;
    signal: AbortSignal;
  },
): Promise<string> {
  const { facts, candidate } = evaluation;
  const { minimumSupport } = given.gate;
  const examples = pickExamples(contest.candidate.answers, {
    perClass: candidate.perClass,
    classes: contest.classes.all,
    minimumSupport,
  });
  const rows = new Set([...examples.mistakes, ...examples.missed.flatMap((each) => each.rows)]);
  const wall = { contest, shown: await readShown(rows, given) };
  const { products, classes } = facts.holdout;
  return page({
    title: `Release ${facts.candidate.release}`,
    lead: markup`<p>Judged on ${count(products, 'held-out product')} in ${count(classes, 'class', 'classes')}, none of which it learned from.</p>`,
    sections: [
      { title: 'In short', content: headline(evaluation, given.gate) },
      { title: 'Candidate and champion', content: contestSection(evaluation) },
      { title: 'Classes', content: classesSection(evaluation) },
      { title: 'What is taken for what', content: confusionSection(candidate) },
      { title: 'Languages, texts, pictures', content: partsSection(evaluation) },
      { title: 'Calibration', content: calibrationSection(evaluation) },
      { title: 'Surest mistakes', content: mistakesSection(examples, wall) },
      { title: 'Classes that are found least', content: missedSection(examples, wall) },
      { title: 'Learning', content: learningSection(contest.candidate.training) },
    ],
    footer: markup`Model <code>${facts.candidate.digest}</code>, dataset <code>${facts.dataset}</code>, judged ${evaluation.evaluatedAt}. All figures:
<code>evaluation.json</code> beside this page. Whether the release goes out is the operator's to say.`,
  });
}
