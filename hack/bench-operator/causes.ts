import { readFile } from 'node:fs/promises';
import type { Pod } from '../../operator/api/kubernetes.ts';
import { modelReleaseLabel, stepLabel } from '../../operator/api/metadata.ts';
import { type ModelRelease, modelReleases } from '../../operator/api/model-release.ts';
import { listAll } from '../../operator/kube/list.ts';
import { pathOf, pods } from '../../operator/kube/resource.ts';
import type { Transport } from '../../operator/kube/transport.ts';
import { createNamespace } from '../../operator/played-life.ts';
import type { Figure } from '../figures/report.ts';
import { waitFor } from '../process/wait.ts';
import type { Environment } from './environment.ts';
import { loader, modelRelease } from './load.ts';

export interface CausesOptions {
  say: (text: string) => void;
  tell: (text: string) => void;
}

const namespace = 'causes';

interface Cause {
  name: string;
  /** What a kubelet said of such a pod, by its name in causes.json; without one, the real scheduler speaks. */
  recorded?: string;
  reason: string;
  words: string;
}

const causes: Cause[] = [
  { name: 'oom', recorded: 'out of memory', reason: 'OutOfMemory', words: 'memory' },
  { name: 'eviction', recorded: 'drained', reason: 'Evicted', words: 'Eviction API: evicting' },
  { name: 'node-lost', recorded: 'silent node', reason: 'NodeLost', words: 'does not answer' },
  { name: 'unschedulable', reason: 'Unschedulable', words: '0/2 nodes are available' },
  { name: 'nan-loss', recorded: 'diverged', reason: 'Diverged', words: 'the loss is NaN' },
  {
    name: 'deadline',
    recorded: 'deadline',
    reason: 'DeadlineExceeded',
    words: 'longer than the specified deadline',
  },
  { name: 'image-pull', recorded: 'image not found', reason: 'ImagePull', words: 'not found' },
];

/**
 * A training of each ModelRelease meets one cause of failure: real Jobs and a real scheduler, and of what only a kubelet can say the
 * words that one said on the local cluster. Each has to come out as a reason of its own, with those words.
 */
export async function toldCauses(
  environment: Environment,
  { say, tell }: CausesOptions,
): Promise<Figure[]> {
  const { admin } = environment;
  await createNamespace(admin, namespace);
  const operator = await environment.startOperator('causes');
  for (const { name } of causes) await loader(admin).create(modelReleases, struck(name));
  const recorded: Record<string, { pod?: Pick<Pod, 'status'> }> = JSON.parse(
    await readFile(new URL('../../operator/release/fixtures/causes.json', import.meta.url), 'utf8'),
  );
  const played = new Set<string>();
  let told = new Map<Cause, { reason: string; message: string }>();
  await waitFor(
    async () => {
      await play(admin, recorded, played);
      told = await look(admin);
      const right = causes.filter((cause) => isRight(cause, told.get(cause)));
      say(`${right.length} of ${causes.length} causes are told`);
      return right.length === causes.length || undefined;
    },
    {
      what: 'every cause to be told',
      limitMs: 180_000,
      everyMs: 500,
      hopeless: operator.gone,
    },
    // What is missing shows in the figures.
  ).catch((error: Error) => tell(error.message));
  await operator.signal('SIGTERM');
  tell(
    `What people read:\n${causes
      .map((cause) => {
        const { reason, message } = told.get(cause) ?? { reason: 'nothing', message: '' };
        const verdict = isRight(cause, told.get(cause)) ? '' : ` (not ${cause.reason})`;
        return `    ${cause.name}: ${reason}${verdict}: ${message}`;
      })
      .join('\n')}`,
  );
  const right = causes.filter((cause) => isRight(cause, told.get(cause)));
  return [
    {
      name: 'causesTold',
      says: `causes of failure with a reason of their own and the pod's words, of ${causes.length}`,
      value: new Set(right.map((cause) => told.get(cause)?.reason)).size,
      unit: 'causes',
      exactly: causes.length,
    },
  ];
}

function struck(name: string) {
  const whole = modelRelease(namespace, name);
  const training = {
    gpu: { count: 1 },
    backoffLimit: 0,
    // No node has it: a training's pod waits until its end is played.
    nodeSelector: { 'example.com/pool': 'none' },
  };
  return { ...whole, spec: { ...whole.spec, training } };
}

function isRight({ reason, words }: Cause, told?: { reason: string; message: string }): boolean {
  return told?.reason === reason && told.message.includes(words);
}

/** The reason of the run that goes on, or of the one that ended. */
async function look(admin: Transport) {
  const { items } = await listAll<ModelRelease>(admin, { resource: modelReleases, namespace });
  const told = new Map<Cause, { reason: string; message: string }>();
  for (const { metadata, status } of items) {
    const cause = causes.find(({ name }) => name === metadata.name);
    const said = status?.run ?? status?.history?.[0];
    const { reason = '', message = '' } = said ?? {};
    if (cause && said) told.set(cause, { reason, message });
  }
  return told;
}

/** Plays the pods of each training. */
async function play(
  admin: Transport,
  recorded: Record<string, { pod?: Pick<Pod, 'status'> }>,
  played: Set<string>,
): Promise<void> {
  const labelSelector = `${stepLabel}=train`;
  const { items } = await listAll<Pod>(admin, { resource: pods, namespace, labelSelector });
  for (const pod of items) {
    const cause = causes.find(({ name }) => name === pod.metadata.labels?.[modelReleaseLabel]);
    if (!cause?.recorded || played.has(pod.metadata.uid)) continue;
    // The first one ends as was recorded; one that takes its place works.
    const status = played.has(cause.name)
      ? running(pod, 'True')
      : (recorded[cause.recorded]?.pod?.status ?? running(pod, 'False'));
    played.add(cause.name).add(pod.metadata.uid);
    const { phase, reason, message, conditions, containerStatuses = [] } = status;
    const { name } = pod.metadata;
    await admin.request({
      method: 'PATCH',
      path: pathOf(pods, { namespace, name, subresource: 'status' }),
      contentType: 'application/merge-patch+json',
      body: {
        status: {
          ...{ phase, reason, message, conditions, startTime: new Date().toISOString() },
          containerStatuses: containerStatuses.map(
            ({ name: of, image, imageID, ready, started, restartCount, state }) => ({
              ...{ name: of, image, imageID, ready, started, restartCount, state },
            }),
          ),
        },
      },
    });
  }
}

/** At work; or not ready, and its containers are, as the node controller leaves the pods of a node that fell silent. */
function running(pod: Pod, ready: 'True' | 'False'): NonNullable<Pod['status']> {
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime: at }],
    containerStatuses: (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
      ...{ name, image, imageID: '', ready: true, started: true, restartCount: 0 },
      state: { running: { startedAt: at } },
    })),
  };
}
