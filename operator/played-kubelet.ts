/** For tests: plays the nodes of a control plane that has none. Pods of steps end as told, serving pods become ready. */
import { createHash } from 'node:crypto';
import { waitFor } from '../hack/process/wait.ts';
import type { Pod } from './api/kubernetes.ts';
import {
  managedBy,
  managedByLabel,
  modelReleaseLabel,
  questionAnnotation,
  releaseLabel,
  stepLabel,
} from './api/metadata.ts';
import { hasReason } from './kube/api-error.ts';
import { keyOf } from './kube/object.ts';
import { createReflector } from './kube/reflector.ts';
import { jobs, pathOf, pods } from './kube/resource.ts';
import type { Transport } from './kube/transport.ts';

export interface StepEnd {
  exitCode: number;
  message: string;
}

export interface StepContext {
  step: string;
  release: string;
  modelRelease: string;
  namespace: string;
  /** What evaluate was asked, as the operator wrote it on the Job. */
  question: Record<string, unknown> | undefined;
}

/** How a step's pod ends; undefined: it goes on running. */
export type Script = (context: StepContext) => StepEnd | undefined;

export interface PlayedKubelet {
  /** Pods of steps that were started, in order: `namespace/name`. */
  started: string[];
  stop(): Promise<void>;
}

export function playKubelet(transport: Transport, script: Script): PlayedKubelet {
  const stopping = new AbortController();
  const started = new Map<string, Promise<void>>();
  const cache = createReflector<Pod>({
    transport,
    resource: pods,
    labelSelector: `${managedByLabel}=${managedBy}`,
    onChange: ({ object }) => {
      if (!object || object.metadata.deletionTimestamp || started.has(object.metadata.uid)) return;
      started.set(object.metadata.uid, play(object));
    },
    timing: { baseDelayMs: 50, maximumDelayMs: 500 },
  });
  const running = cache.run(stopping.signal);
  const names: string[] = [];

  async function play(pod: Pod): Promise<void> {
    const step = pod.metadata.labels?.[stepLabel];
    if (step !== undefined) names.push(keyOf(pod.metadata));
    const what = `the API server to hear of the pod ${keyOf(pod.metadata)}`;
    // A kubelet, too, goes on after an API server that was away.
    await waitFor(
      async () => {
        try {
          await setStatus(pod, step === undefined ? runningStatus(pod) : await statusOf(pod, step));
        } catch (error) {
          // Deleted by now, as pods and Jobs may be at any time.
          if (!hasReason(error, 'NotFound')) throw error;
        }
        return true;
      },
      { what, limitMs: 120_000, everyMs: 200 },
    );
  }

  async function statusOf(pod: Pod, step: string): Promise<object> {
    const end = script(await contextOf(pod, step));
    return end ? ended(pod, end) : runningStatus(pod);
  }

  async function contextOf(pod: Pod, step: string): Promise<StepContext> {
    const { namespace = '', labels = {} } = pod.metadata;
    const name = labels['batch.kubernetes.io/job-name'] ?? '';
    const job = await transport.request<Pod>({
      method: 'GET',
      path: pathOf(jobs, { namespace, name }),
    });
    const question = job.metadata.annotations?.[questionAnnotation];
    return {
      step,
      namespace,
      release: labels[releaseLabel] ?? '',
      modelRelease: labels[modelReleaseLabel] ?? '',
      question: question === undefined ? undefined : JSON.parse(question),
    };
  }

  async function setStatus({ metadata }: Pod, status: object): Promise<void> {
    const { name, namespace } = metadata;
    const path = pathOf(pods, { namespace, name, subresource: 'status' });
    const contentType = 'application/merge-patch+json';
    await transport.request({ method: 'PATCH', path, contentType, body: { status } });
  }

  return {
    started: names,
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(started.values());
    },
  };
}

/** A digest that follows from a name, so that every part of a test finds the same. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function containers(pod: Pod, state: object, ready: boolean) {
  return (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
    name,
    image,
    imageID: `registry.example/image@${digestOf(image)}`,
    ready,
    started: ready,
    restartCount: 0,
    state,
  }));
}

const now = () => `${new Date().toISOString().slice(0, 19)}Z`;

function ended(pod: Pod, { exitCode, message }: StepEnd): object {
  const terminated = {
    exitCode,
    message,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: now(),
    finishedAt: now(),
  };
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    startTime: now(),
    conditions: conditions(false),
    containerStatuses: containers(pod, { terminated }, false),
  };
}

function runningStatus(pod: Pod): object {
  return {
    phase: 'Running',
    startTime: now(),
    conditions: conditions(true),
    containerStatuses: containers(pod, { running: { startedAt: now() } }, true),
  };
}

function conditions(ready: boolean): object[] {
  const types: [string, boolean][] = [
    ['PodScheduled', true],
    ['Initialized', true],
    ['ContainersReady', ready],
    ['Ready', ready],
  ];
  return types.map(([type, value]) => ({
    type,
    status: value ? 'True' : 'False',
    lastTransitionTime: now(),
  }));
}

export interface Outcomes {
  /** Which products the snapshot of a release finds. */
  dataset: string;
  accuracy: number;
}

/** The termination messages of steps that all go well, with what the snapshot and the evaluation are to find. */
export function goodMessages(
  { step, release, question }: StepContext,
  { dataset, accuracy }: Outcomes,
): StepEnd {
  const metrics = { accuracy, macroF1: accuracy, weightedF1: accuracy };
  const digest = digestOf(release);
  const messages: Record<string, object> = {
    snapshot: {
      dataset: digestOf(dataset),
      products: 100,
      train: 90,
      holdout: 10,
      classes: 3,
      groups: 95,
      invalid: 0,
      invalidExamples: [],
    },
    train: {
      release,
      digest,
      dataset: digestOf(dataset),
      seconds: 1,
      metrics: { accuracy, macroF1: accuracy },
    },
    evaluate: {
      schemaVersion: 1,
      candidate: { release, digest },
      champion: question?.champion ?? null,
      dataset: question?.dataset,
      gate: question?.gate ?? null,
      holdout: { products: 10, classes: 3 },
      metrics,
      championMetrics: question?.champion ? metrics : null,
      lowestRecalls: [{ class: 'a', recall: accuracy, support: 10 }],
    },
  };
  return { exitCode: 0, message: JSON.stringify({ step, ok: true, ...messages[step] }) };
}
