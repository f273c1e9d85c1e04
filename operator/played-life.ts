/** For tests: a ModelRelease that lives through several runs, in a namespace of its own, and what it leaves behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../hack/process/wait.ts';
import { runNowAnnotation } from './api/metadata.ts';
import { apiVersion, kind, type ModelRelease, modelReleases } from './api/model-release.ts';
import { releaseName, timestamp } from './api/names.ts';
import { listAll } from './kube/list.ts';
import type { KubernetesObject } from './kube/object.ts';
import { createObjects } from './kube/objects.ts';
import {
  controllerRevisions,
  deployments,
  jobs,
  pathOf,
  type Resource,
  services,
} from './kube/resource.ts';
import type { Transport } from './kube/transport.ts';

const namespaces: Resource = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  clusterScoped: true,
};
const name = 'products';

/** The least that a spec can be. */
export function modelRelease(namespace: string, spec: object = {}): KubernetesObject {
  const whole = {
    apiVersion,
    kind,
    metadata: { namespace, name },
    spec: {
      // 29 February: no test waits for it.
      schedule: { cron: '0 0 29 2 *' },
      store: { s3: { bucket: 'models', credentialsSecret: { name: 's3' } } },
      dataset: { rakuten: { prefix: 'rakuten' } },
      training: { gpu: { count: 0 } },
      gate: { metrics: [{ name: 'accuracy', minimum: '0.8' }] },
      serving: { replicas: 1 },
      ...spec,
    },
  };
  return whole;
}

/** Where there is one of this name, that one will do. */
export async function createNamespace(transport: Transport, name: string): Promise<void> {
  const { apiVersion, kind } = namespaces;
  const objects = createObjects({ transport, fieldManager: 'person' });
  await objects.apply(namespaces, { apiVersion, kind, metadata: { name } });
}

/** Applies a ModelRelease in a namespace (a new one, if there is none) and asks for one run after the other; each has to end as given. */
export async function live(
  transport: Transport,
  namespace: string,
  outcomes: string[],
  spec: object = {},
): Promise<void> {
  const objects = createObjects({ transport, fieldManager: 'person' });
  await createNamespace(transport, namespace);
  const { metadata } = await objects.create(modelReleases, modelRelease(namespace, spec));
  let slot = Date.parse(metadata.creationTimestamp);
  for (const [index, outcome] of outcomes.entries()) {
    if (index > 0) {
      // Two runs of one second would be one slot.
      slot = Math.max(slot + 1_000, Math.floor(Date.now() / 1_000) * 1_000);
      await sleep(Math.max(0, slot - Date.now()));
      await annotate(transport, namespace, { [runNowAnnotation]: timestamp(new Date(slot)) });
    }
    await outcomeOf(transport, namespace, releaseName(name, new Date(slot)), outcome);
  }
}

/** Annotates the ModelRelease with something that the operator does not know. */
export function touch(transport: Transport, namespace: string): Promise<void> {
  return annotate(transport, namespace, { 'example.com/touched': String(Date.now()) });
}

async function annotate(
  transport: Transport,
  namespace: string,
  annotations: Record<string, string>,
): Promise<void> {
  await transport.request({
    method: 'PATCH',
    path: pathOf(modelReleases, { namespace, name }),
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations } },
  });
}

export async function removeModelRelease(transport: Transport, namespace: string): Promise<void> {
  await transport.request({ method: 'DELETE', path: pathOf(modelReleases, { namespace, name }) });
}

export async function statusOf(
  transport: Transport,
  namespace: string,
): Promise<ModelRelease['status']> {
  const found = await transport.request<ModelRelease>({
    method: 'GET',
    path: pathOf(modelReleases, { namespace, name }),
  });
  return found.status;
}

async function outcomeOf(
  transport: Transport,
  namespace: string,
  release: string,
  wanted: string,
): Promise<void> {
  await waitFor(
    async () => {
      const status = await statusOf(transport, namespace);
      const outcome = status?.history?.find((entry) => entry.release === release)?.outcome;
      return outcome === wanted || undefined;
    },
    { what: `${release} in ${namespace} to end as ${wanted}`, limitMs: 240_000, everyMs: 200 },
  ).catch(async (error) => {
    const status = await statusOf(transport, namespace);
    throw new Error(`${error.message} Status: ${JSON.stringify(status, undefined, 1)}`);
  });
}

/**
 * Everything in the namespace that the operator answers for, as text, one line a fact, so that a difference can be read.
 * What differs between two lives that are the same is named by its first appearance: times, UIDs, digests, slots, addresses.
 */
export async function stateOf(transport: Transport, namespace: string): Promise<string[]> {
  const lines: string[] = [];
  for (const resource of [modelReleases, controllerRevisions, jobs, deployments, services]) {
    const { items } = await listAll<KubernetesObject & Parts>(transport, { resource, namespace });
    const mine = items.filter(
      ({ metadata }) =>
        metadata.ownerReferences?.some((owner) => owner.kind === kind) ??
        resource === modelReleases,
    );
    for (const item of mine.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))) {
      const { labels, ownerReferences } = item.metadata;
      // How many templates it saw is its controller's: of two changes in one moment it may miss the first.
      const { 'deployment.kubernetes.io/revision': _, ...annotations } =
        item.metadata.annotations ?? {};
      const facts = {
        labels,
        annotations,
        ownerReferences,
        spec: item.spec,
        data: item.data,
        status: resource === modelReleases ? item.status : undefined,
      };
      lines.push(...flatten(`${item.kind} ${item.metadata.name}`, facts));
    }
  }
  return anonymous(lines, namespace);
}

/**
 * The state of the namespace once it is the expected one: where it never is, as it was last, for a comparison to say in what it
 * differs. Without one, once it stays the same; where it never does, throws.
 */
export async function stateAtRest(
  transport: Transport,
  namespace: string,
  { expected, limitMs = 120_000 }: { expected?: string[] | undefined; limitMs?: number } = {},
): Promise<string[]> {
  let before: string | undefined;
  let equalLooks = 0;
  let state: string[] = [];
  const look = async () => {
    state = await stateOf(transport, namespace);
    const text = state.join('\n');
    if (expected) return text === expected.join('\n') || undefined;
    equalLooks = text === before ? equalLooks + 1 : 0;
    before = text;
    // One pair of equal looks may lie within a pause of a slow machine.
    return equalLooks >= 6 || undefined;
  };
  await waitFor(look, { what: `${namespace} to be still`, limitMs, everyMs: 500 }).catch(
    (error) => {
      if (!expected) throw error;
    },
  );
  return state;
}

interface Parts {
  spec?: unknown;
  data?: unknown;
  status?: unknown;
}

function flatten(path: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value === 'string' && /^[[{]/.test(value))
    return flatten(`${path}(json)`, JSON.parse(value));
  if (typeof value !== 'object' || value === null) return [`${path} = ${JSON.stringify(value)}`];
  return Object.entries(value)
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([key, part]) => flatten(`${path}.${key}`, part));
}

function anonymous(lines: string[], namespace: string): string[] {
  const kinds: [string, RegExp][] = [
    ['uid', /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g],
    ['digest', /[0-9a-f]{64}/g],
    ['slot', /\d{8}-\d{6}/g],
    ['address', /\b198\.19\.\d+\.\d+/g],
  ];
  const seen = new Map<string, Map<string, string>>();
  return lines.map((line) => {
    let text = line
      .replaceAll(namespace, 'NAMESPACE')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME');
    for (const [kindOf, pattern] of kinds)
      text = text.replace(pattern, (match) => numbered(kindOf, match));
    return text;
  });

  function numbered(kindOf: string, match: string): string {
    const names = seen.get(kindOf) ?? new Map<string, string>();
    seen.set(kindOf, names);
    const known = names.get(match) ?? `${kindOf}-${names.size + 1}`;
    names.set(match, known);
    return known;
  }
}
