/** The Jobs of a run: built from its record alone, so that they are the same whenever they are built. */

import { canonicalJson } from '@shelfwise/trainer-contract/digest';
import { exitCodes } from '@shelfwise/trainer-contract/messages';
import type { JobObject, PodSpec } from '../api/kubernetes.ts';
import {
  labelsFor,
  ownedBy,
  questionAnnotation,
  queueLabel,
  releaseLabel,
  stepLabel,
} from '../api/metadata.ts';
import type { ModelRelease } from '../api/model-release.ts';
import { jobName, type Step } from '../api/names.ts';
import type { Question } from './gate.ts';
import type { Defaults } from './observation.ts';
import {
  bucketUrl,
  container,
  databasePart,
  joinParts,
  mlflowPart,
  type Part,
  type Placement,
  podSpec,
  scratchPart,
  storePart,
  storeUrl,
} from './pod.ts';
import { type Resources, withGpus } from './resources.ts';
import type { Run } from './run.ts';

/** The name of the container in every Job of ours. */
export const stepContainer = 'step';

/** Exit codes after which another attempt would end the same way. 13 is not among them: the next attempt finds the winner's release. */
const permanent = [
  exitCodes.BadConfiguration,
  exitCodes.BadData,
  exitCodes.Diverged,
  exitCodes.NoGPU,
];

/** Snapshot reads and packs files, and nothing of the spec is about it: 85,000 products take some 400 MB, 5,000 take 350. */
const snapshotResources: Resources = { requests: { cpu: '250m', memory: '512Mi' } };
const anyNode: Placement = { nodeSelector: {}, tolerations: [] };

/** Between SIGTERM and SIGKILL train writes a checkpoint to the store: hundreds of megabytes where products are many. */
const checkpointGraceSeconds = 120;

/** What differs between the steps. */
interface StepPlan {
  image: string;
  imagePullSecrets: { name: string }[];
  args: string[];
  resources: Resources;
  placement: Placement;
  extra: Part[];
  pod?: Pick<PodSpec, 'runtimeClassName' | 'priorityClassName' | 'terminationGracePeriodSeconds'>;
  annotations?: Record<string, string>;
  queue?: string | undefined;
}

export interface JobContext {
  run: Run;
  modelRelease: ModelRelease;
  pullPolicy: Defaults['imagePullPolicy'];
  attempt: number;
}

export function snapshotJob(context: JobContext): JobObject {
  const { run, modelRelease } = context;
  const { dataset, training } = run.spec;
  const source = dataset.catalog
    ? { kind: 'catalog', prefix: dataset.catalog.prefix }
    : { kind: 'rakuten', prefix: dataset.rakuten?.prefix ?? '' };
  return stepJob('snapshot', context, {
    image: run.images.snapshot,
    imagePullSecrets: training.imagePullSecrets,
    args: [
      ...[
        'snapshot',
        '--from',
        bucketUrl(run.spec, source.prefix),
        '--store',
        storeUrl(run.spec, modelRelease),
      ],
      ...['--source', source.kind, '--owner-uid', modelRelease.metadata.uid ?? ''],
      ...['--holdout-percent', String(dataset.holdoutPercent)],
      ...['--maximum-invalid-percent', String(dataset.maximumInvalidPercent)],
      ...option('--parent', run.parent.dataset),
    ],
    resources: snapshotResources,
    placement: anyNode,
    extra: dataset.catalog ? [databasePart(dataset.catalog.databaseSecret)] : [],
  });
}

export function trainJob(context: JobContext & { dataset: string }): JobObject {
  const { run, modelRelease, dataset } = context;
  const { training } = run.spec;
  const { model, search, tracking } = training;
  const { imageBackbone, textBackbone } = model.architecture === 'conv-fusion' ? model : {};
  return stepJob('train', context, {
    image: run.images.trainer,
    imagePullSecrets: training.imagePullSecrets,
    args: [
      ...['train', '--store', storeUrl(run.spec, modelRelease), '--dataset', dataset],
      ...['--release', run.release, '--owner-uid', modelRelease.metadata.uid ?? ''],
      ...['--architecture', model.architecture, '--image-size', String(model.imageSize)],
      ...option('--image-backbone', imageBackbone),
      ...option('--text-backbone', textBackbone),
      ...['--seed', String(model.seed)],
      ...option('--epochs', model.epochs),
      ...option('--batch-size', model.batchSize),
      ...option('--learning-rate', model.learningRate),
      ...option('--search-minutes', search?.minutes),
      ...option('--search-configurations', search?.configurations),
      // The record of a run that began under an older operator has none, and its trainer may not know the option.
      ...option('--checkpoint-minutes', training.checkpointMinutes),
      ...option('--parent-release', run.parent.release),
      ...['--code-image', run.images.trainer],
    ],
    resources: withGpus(training.resources, training.gpu),
    placement: training,
    extra: tracking ? [mlflowPart(tracking.mlflow, modelRelease)] : [],
    queue: training.queueName,
    pod: {
      terminationGracePeriodSeconds: checkpointGraceSeconds,
      ...(training.runtimeClassName === undefined
        ? {}
        : { runtimeClassName: training.runtimeClassName }),
      ...(training.priorityClassName === undefined
        ? {}
        : { priorityClassName: training.priorityClassName }),
    },
  });
}

/** Runs in the image of inference, where serving pods run: what is judged is what will serve. */
export function evaluateJob(context: JobContext & { question: Question }): JobObject {
  const { run, modelRelease, question } = context;
  const { serving } = run.spec;
  const { champion } = question;
  return stepJob('evaluate', context, {
    image: run.images.inference,
    imagePullSecrets: serving.imagePullSecrets,
    args: [
      ...['evaluate', '--store', storeUrl(run.spec, modelRelease), '--release', question.release],
      ...['--dataset', question.dataset],
      ...(champion
        ? ['--champion-release', champion.release, '--champion-digest', champion.digest]
        : []),
      ...['--gate', canonicalJson(question.gate)],
    ],
    resources: serving.resources,
    placement: serving,
    extra: [],
    // The champion may be another one by the time the answer comes: what was asked stands on the Job.
    annotations: { [questionAnnotation]: canonicalJson(question) },
  });
}

function stepJob(
  step: Step,
  { run, modelRelease, pullPolicy, attempt }: JobContext,
  plan: StepPlan,
): JobObject {
  const { training } = run.spec;
  const { name: owner, namespace } = modelRelease.metadata;
  const labels = { ...labelsFor(owner, step), [releaseLabel]: run.release, [stepLabel]: step };
  const part = joinParts([storePart(run.spec.store), ...plan.extra, scratchPart(training.scratch)]);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(run.release, step, attempt),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, ...(plan.queue === undefined ? {} : { [queueLabel]: plan.queue }) },
      ...(plan.annotations ? { annotations: plan.annotations } : {}),
      ownerReferences: [ownedBy(modelRelease)],
    },
    spec: {
      // Kueue lets it begin. Its webhook would suspend it, too; but where that fails nothing is to start early.
      ...(plan.queue === undefined ? {} : { suspend: true }),
      backoffLimit: training.backoffLimit,
      // A pod that is going away may still publish: the next one starts when it is gone.
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          {
            action: 'FailJob',
            onExitCodes: { containerName: stepContainer, operator: 'In', values: permanent },
          },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      template: {
        metadata: { labels },
        spec: podSpec(
          {
            restartPolicy: 'Never',
            // On the pod and not on the Job: the wait for a GPU is not to count.
            activeDeadlineSeconds: training.activeDeadlineSeconds,
            automountServiceAccountToken: false,
            ...plan.pod,
            containers: [
              container(stepContainer, {
                image: plan.image,
                pullPolicy,
                args: plan.args,
                resources: plan.resources,
                part,
              }),
            ],
            volumes: part.volumes,
          },
          plan.placement,
          {
            imagePullSecrets: plan.imagePullSecrets,
            serviceAccountName: training.serviceAccountName,
          },
        ),
      },
    },
  };
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}
