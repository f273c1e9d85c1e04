import { type EvaluationFacts, type Subject, scoreBeside } from '@shelfwise/inference-contract';
import { canonicalJson } from '@shelfwise/trainer-contract/digest';
import type { Gate, MetricName } from '../api/model-release.ts';

/** What evaluate was asked, all of which its facts must echo. */
export interface Question {
  release: string;
  dataset: string;
  champion: Subject | null;
  gate: Gate;
}

export interface Check {
  metric: MetricName;
  /** null: it could not be computed, or is no share. */
  value: number | null;
  /** As in the spec, a decimal. */
  minimum: string;
  outcome: 'Pass' | 'Fail' | 'Inconclusive';
}

export interface Verdict {
  verdict: 'Pass' | 'Fail' | 'Inconclusive';
  /** One sentence with the numbers. */
  because: string;
  checks: Check[];
}

/**
 * The verdict over a candidate. Nothing is taken for granted: what is missing, no number, or an answer to another question
 * is Inconclusive, and only Pass rolls out. `heldOut` is the number of products that the snapshot holds out.
 */
export function judge(
  facts: EvaluationFacts,
  { question, heldOut }: { question: Question; heldOut: number },
): Verdict {
  const gate = question.gate;
  const checks = (gate.metrics ?? []).map((floor): Check => {
    const value = share(facts.metrics?.[floor.name]);
    return {
      metric: floor.name,
      value,
      minimum: floor.minimum,
      outcome: compare(value, floor.minimum),
    };
  });
  const doubt = doubtOf(facts, question, heldOut, checks);
  if (doubt !== undefined) return { verdict: 'Inconclusive', because: doubt, checks };

  const failed = checks.filter((check) => check.outcome === 'Fail');
  if (failed.length > 0) {
    const because = `${failed.map((check) => `${inWords(check)} is below the minimum ${check.minimum}`).join(', ')}.`;
    return { verdict: 'Fail', because, checks };
  }
  const because = `${checks.map((check) => `${inWords(check)} reaches ${check.minimum}`).join(', ')}, on ${facts.holdout.products} held-out products.`;
  return { verdict: 'Pass', because, checks };
}

/** Which part of the question these facts do not answer; undefined when they answer it all. */
export function mismatch(facts: EvaluationFacts, question: Question): string | undefined {
  const parts: [string, unknown, unknown][] = [
    ['candidate', facts.candidate?.release, question.release],
    ['dataset', facts.dataset, question.dataset],
    ['champion', facts.champion ?? null, question.champion],
    ['gate', facts.gate ?? null, question.gate],
  ];
  for (const [part, got, asked] of parts) {
    if (text(got) !== text(asked)) {
      return `evaluate was asked about the ${part} ${text(asked)} and answered about ${text(got)}`;
    }
  }
  return undefined;
}

function doubtOf(
  facts: EvaluationFacts,
  question: Question,
  heldOut: number,
  checks: Check[],
): string | undefined {
  const wrong = mismatch(facts, question);
  if (wrong !== undefined) return `${wrong}.`;
  if (checks.length === 0) return 'spec.gate names no metric: nothing says what is good enough.';
  const products = facts.holdout?.products;
  if (!(products > 0)) return 'No product was held out: there is nothing to judge by.';
  if (products !== heldOut) {
    return `evaluate judged ${products} products, but the snapshot holds out ${heldOut}.`;
  }
  const unknown = checks.filter((check) => check.outcome === 'Inconclusive');
  if (unknown.length === 0) return undefined;
  const names = unknown.map((check) => check.metric).join(', ');
  return `${names} could not be measured, or the minimum is no number: no verdict without it.`;
}

function compare(value: number | null, minimum: string): Check['outcome'] {
  const bound = minimum.trim() === '' ? null : share(Number(minimum));
  if (value === null || bound === null) return 'Inconclusive';
  return value >= bound ? 'Pass' : 'Fail';
}

/** A score is a finite number from 0 to 1; everything else is no score. */
function share(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : null;
}

function inWords({ metric, value, minimum }: Check): string {
  return `${metric} ${scoreBeside(value ?? 0, minimum)}`;
}

function text(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'string' ? value : canonicalJson(value);
}
