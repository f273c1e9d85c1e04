/**
 * The record of a run is a ControllerRevision: its order is `data`, which the API server never lets change; what became
 * known since are annotations. Status is a projection of these records and can be lost; they cannot.
 */
import { evaluationFactsSchema } from '@shelfwise/inference-contract';
import {
  digestSchema,
  snapshotMessageSchema,
  trainMessageSchema,
} from '@shelfwise/trainer-contract/messages';
import { z } from 'zod';
import type { ControllerRevision, ControllerRevisionObject } from '../api/kubernetes.ts';
import { labelsFor, ownedBy, recordAnnotations, releaseLabel } from '../api/metadata.ts';
import type { ModelRelease, ModelReleaseSpec } from '../api/model-release.ts';
import { type Reason, reasons } from '../api/reasons.ts';
import type { Run } from './run.ts';
import { servingTemplates } from './serving-template.ts';

const time = z.iso.datetime({ offset: true });

/** Only as much as is needed to be sure that this is a spec: the CRD checked it when it was recorded. */
const spec = z.custom<ModelReleaseSpec>(
  (value) =>
    ['schedule', 'store', 'dataset', 'training', 'gate', 'serving'].every(
      (part) => typeof (value as Record<string, unknown> | null)?.[part] === 'object',
    ),
  'is no spec of a ModelRelease',
);

const orderSchema = z.object({
  schemaVersion: z.literal(1),
  release: z.string().min(1),
  slot: time,
  trigger: z.enum(['first', 'schedule', 'run-now']),
  runNow: z.string().optional(),
  startedAt: time,
  generation: z.int(),
  images: z.object({ snapshot: z.string(), trainer: z.string(), inference: z.string() }),
  template: z.int().min(1).optional(),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  spec,
  parent: z.object({ dataset: digestSchema.optional(), release: z.string().optional() }),
});

const verdictName = z.enum(['Pass', 'Fail', 'Inconclusive']);

/** What each annotation holds. */
const known = {
  snapshot: snapshotMessageSchema
    .omit({ step: true, ok: true })
    .extend({ inputs: digestSchema, finishedAt: time }),
  training: z.object({
    finishedAt: time,
    message: trainMessageSchema.omit({ step: true, ok: true }).nullable(),
  }),
  evaluation: evaluationFactsSchema,
  verdict: z.object({
    verdict: verdictName,
    judgedAt: time,
    because: z.string(),
    checks: z.array(
      z.object({
        metric: z.enum(['accuracy', 'macroF1', 'weightedF1']),
        value: z.number().nullable(),
        minimum: z.string(),
        outcome: verdictName,
      }),
    ),
  }),
  outcome: z.object({
    outcome: z.enum([
      'Served',
      'NoNewData',
      'GateFailed',
      'GateInconclusive',
      'RunFailed',
      'RolledBack',
      'Superseded',
    ]),
    step: z.enum(['snapshot', 'train', 'evaluate', 'gate', 'rollout']),
    reason: z.custom<Reason>((value) => typeof value === 'string' && value in reasons),
    message: z.string(),
    finishedAt: time,
  }),
};

const findings = Object.keys(recordAnnotations) as (keyof typeof recordAnnotations)[];

/** A sentence: which part of which record cannot be read. */
export interface Unreadable {
  unreadable: string;
}

/**
 * The run that a record tells of. An answer instead of an exception says what is wrong with it; so it is of a record of a newer
 * operator, whose pods this one would not know how to build.
 */
export function readRecord(
  record: ControllerRevision,
  templates: number = servingTemplates.length,
): Run | Unreadable {
  const { name, annotations = {} } = record.metadata;
  const wrong = (part: string, why: unknown): Unreadable => ({
    unreadable: `${part} of ControllerRevision ${name} cannot be read (${why}): undo the change, or delete the ControllerRevision.`,
  });
  const order = orderSchema.safeParse(record.data);
  if (!order.success) return wrong('data', firstIssue(order.error));
  if (order.data.release !== name) return wrong('data', `it is of release ${order.data.release}`);
  const { template = 1 } = order.data;
  if (template > templates) {
    return {
      unreadable: `ControllerRevision ${name} is of a newer operator (its serving pods are of version ${template}, of which this one knows ${templates}): run the newer one again, or delete the ControllerRevision.`,
    };
  }
  const run: Record<string, unknown> = { ...order.data };
  for (const finding of findings) {
    const text = annotations[recordAnnotations[finding]];
    if (text === undefined) continue;
    const part = `annotation ${recordAnnotations[finding]}`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return wrong(part, error instanceof Error ? error.message : error);
    }
    const read = known[finding].safeParse(value);
    if (!read.success) return wrong(part, firstIssue(read.error));
    run[finding] = read.data;
  }
  if (isServedUnjudged(run as unknown as Run))
    return wrong(
      `annotation ${recordAnnotations.evaluation}`,
      'it is missing, and the release served',
    );
  return run as unknown as Run;
}

/** Which model tar served is known from its evaluation only: without it an older release would pass for the last good one. */
function isServedUnjudged({ outcome, evaluation }: Run): boolean {
  return outcome?.outcome === 'Served' && evaluation === undefined;
}

/** The record as it is created, before the run's first Job. */
export function buildRecord(run: Run, owner: ModelRelease): ControllerRevisionObject {
  const {
    snapshot: _,
    training: __,
    evaluation: ___,
    verdict: ____,
    outcome: _____,
    ...order
  } = run;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: run.release,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      labels: { ...labelsFor(owner.metadata.name, 'record'), [releaseLabel]: run.release },
      annotations: recordedAs(run),
      ownerReferences: [ownedBy(owner)],
    },
    // Has to rise; nothing reads it.
    revision: Math.floor(Date.parse(run.slot) / 1000),
    data: order,
  };
}

/** The annotations that hold what is known of a run. */
export function recordedAs(run: Run): Record<string, string> {
  return Object.fromEntries(
    findings
      .filter((finding) => run[finding] !== undefined)
      .map((finding) => [recordAnnotations[finding], JSON.stringify(run[finding])]),
  );
}

/**
 * The record as the cache needs it: of a run that is over, the recall of each class and the comparison with the champion are
 * nothing that a decision looks at, and half of the record. They stand in the live record, and with more in the bucket.
 */
export function withoutDetails<T extends ControllerRevision>(record: T): T {
  const { annotations } = record.metadata;
  const text = annotations?.[recordAnnotations.evaluation];
  if (text === undefined || annotations?.[recordAnnotations.outcome] === undefined) return record;
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch {
    // Whoever reads the record is to see what cannot be read.
    return record;
  }
  const { success } = evaluationFactsSchema.safeParse(facts);
  if (!success) return record;
  const kept = { ...(facts as object), lowestRecalls: [], comparison: undefined };
  const evaluation = JSON.stringify(kept);
  const fewer = { ...annotations, [recordAnnotations.evaluation]: evaluation };
  return { ...record, metadata: { ...record.metadata, annotations: fewer } };
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? [issue.path.join('.'), issue.message].filter(Boolean).join(': ') : error.message;
}
