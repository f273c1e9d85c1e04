import {
  type EvaluationFacts,
  evaluationFactsSchema,
  LOWEST_RECALLS,
  type Scores,
} from '@shelfwise/inference-contract';
import { canonicalJson } from '@shelfwise/trainer-contract';
import { terminationMessageLimitBytes } from '@shelfwise/trainer-contract/messages';
import type { Judged } from './judge.ts';
import { lowestRecalls, scoreClasses, summarise } from './scores.ts';

export type Asked = Pick<EvaluationFacts, 'candidate' | 'champion' | 'dataset' | 'gate'>;

/** Everything that evaluation.json tells of one model. */
export function scoresOf({ tally, unreadablePictures }: Judged): Scores {
  return {
    ...summarise(tally),
    perClass: scoreClasses(tally),
    confusion: { classes: tally.classes, counts: tally.counts },
    unanswered: tally.unanswered,
    unreadablePictures,
  };
}

/**
 * The facts for the operator: what was asked, echoed, and what was found. The list of lowest recalls is as long as the
 * termination message has room for: long class names shorten it, from its better end.
 */
export function factsOf(asked: Asked, candidate: Scores, champion: Scores | null): EvaluationFacts {
  const lowest = lowestRecalls(candidate.perClass, LOWEST_RECALLS, minimumSupport(asked.gate));
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
    lowestRecalls: lowest,
  } satisfies EvaluationFacts);
  while (facts.lowestRecalls.length > 0 && sizeOf(facts) > terminationMessageLimitBytes)
    facts.lowestRecalls.pop();
  return facts;
}

const sizeOf = (facts: EvaluationFacts) => Buffer.byteLength(JSON.stringify(facts));

function metricsOf({ accuracy, macroF1, weightedF1 }: Scores) {
  return { accuracy: finite(accuracy), macroF1: finite(macroF1), weightedF1: finite(weightedF1) };
}

/** JSON has no NaN; a gate must see that a number is missing, never a 0 in its place. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The support below which the gate's rule for single classes does not look at a class. */
function minimumSupport(gate: EvaluationFacts['gate']): number {
  const perClass = (gate as { perClass?: { minimumSupport?: unknown } } | null)?.perClass;
  const support = perClass?.minimumSupport;
  return typeof support === 'number' && support > 1 ? support : 1;
}
