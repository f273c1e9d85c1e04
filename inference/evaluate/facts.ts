import {
  type Comparison,
  type ComparisonFacts,
  type EvaluationFacts,
  evaluationFactsSchema,
  LOWEST_RECALLS,
  type Scores,
} from '@shelfwise/inference-contract';
import { canonicalJson } from '@shelfwise/trainer-contract';
import { terminationMessageLimitBytes } from '@shelfwise/trainer-contract/messages';
import type { Names } from './answers.ts';
import type { Judged } from './judge.ts';
import { partsOf, tallyOf } from './parts.ts';
import { calibrationOf, logLossOf, topAccuracyOf } from './reliability.ts';
import { lowestRecalls, scoreClasses, summarise } from './scores.ts';

export type Asked = Pick<EvaluationFacts, 'candidate' | 'champion' | 'dataset' | 'gate'>;

/** Everything that evaluation.json tells of one model. */
export function scoresOf(
  { answers, unreadablePictures }: Judged,
  given: { labels: readonly string[]; classes: Names; languages: Names },
): Scores {
  const tally = tallyOf(answers, given);
  return {
    ...summarise(tally),
    top3Accuracy: topAccuracyOf(answers, 3),
    logLoss: logLossOf(answers),
    calibration: calibrationOf(answers),
    perClass: scoreClasses(tally),
    confusion: { classes: tally.classes, counts: tally.counts },
    ...partsOf(answers, given),
    unanswered: tally.unanswered,
    unreadablePictures,
  };
}

/**
 * The facts for the operator: what was asked, echoed, and what was found. The list of lowest recalls is as long as the
 * termination message has room for: long class names shorten it, from its better end.
 */
export function factsOf(
  asked: Asked,
  found: { candidate: Scores; champion: Scores | null; comparison: Comparison | null },
  minimumSupport: number,
): EvaluationFacts {
  const { candidate, champion, comparison } = found;
  const lowest = lowestRecalls(candidate.perClass, LOWEST_RECALLS, minimumSupport);
  const supported = candidate.perClass.filter(({ support }) => support > 0);
  const facts: EvaluationFacts = evaluationFactsSchema.parse({
    step: 'evaluate',
    ok: true,
    schemaVersion: 1,
    ...asked,
    gate: asked.gate === null ? null : JSON.parse(canonicalJson(asked.gate)),
    holdout: {
      products: supported.reduce((total, { support }) => total + support, 0),
      classes: supported.length,
    },
    metrics: metricsOf(candidate),
    championMetrics: champion && metricsOf(champion),
    comparison: comparison && inShort(comparison),
    lowestRecalls: lowest,
  } satisfies EvaluationFacts);
  while (facts.lowestRecalls.length > 0 && sizeOf(facts) > terminationMessageLimitBytes)
    facts.lowestRecalls.pop();
  return facts;
}

const sizeOf = (facts: EvaluationFacts) => Buffer.byteLength(JSON.stringify(facts));

function metricsOf({ accuracy, macroF1, weightedF1 }: Scores) {
  return { accuracy, macroF1, weightedF1 };
}

/** What a gate decides by, without names and without how it came about. */
function inShort(comparison: Comparison): ComparisonFacts {
  const { products, leftOut, classes, candidateOnly, championOnly, pValue, confidence } =
    comparison;
  const bound = ({ difference, lower }: Comparison['accuracy']) => ({ difference, lower });
  return {
    products,
    leftOut,
    classes,
    candidateOnly,
    championOnly,
    pValue,
    confidence,
    accuracy: bound(comparison.accuracy),
    macroF1: bound(comparison.macroF1),
  };
}
