import type { ModelRelease } from '../../operator/api/model-release.gen.ts';
import type { Kubectl } from './kubectl.ts';
import { operatorName, operatorNamespace } from './operator.ts';

/**
 * Follows a ModelRelease until `done` says so, and returns the object as it then was. Every state is shown to `each`.
 * When the limit is reached, the error tells what was seen last: status, Jobs, pods and events.
 */
export async function followRelease(
  kubectl: Kubectl,
  { namespace, name }: { namespace: string; name: string },
  done: (seen: ModelRelease) => boolean,
  options: { what: string; limitMs: number; each?: (seen: ModelRelease) => void },
): Promise<ModelRelease> {
  const limit = AbortSignal.timeout(options.limitMs);
  for await (const seen of states(kubectl, { namespace, name }, limit)) {
    options.each?.(seen);
    if (done(seen)) return seen;
  }
  const waited = `Waited ${Math.round(options.limitMs / 1000)} s for ${options.what}.`;
  throw new Error(`${waited}\n${await situation(kubectl, namespace, name)}`);
}

/** Every state of the object until the limit: a watch ends when the apiserver closes it, and is taken up again. */
async function* states(
  kubectl: Kubectl,
  { namespace, name }: { namespace: string; name: string },
  limit: AbortSignal,
): AsyncGenerator<ModelRelease> {
  while (!limit.aborted) {
    try {
      yield* kubectl.watch('modelrelease', name, namespace, limit);
    } catch (error) {
      if (!limit.aborted && !(await kubectl.get('modelrelease', name, namespace))) throw error;
    }
  }
}

/** What a person would look at first when a release does not come on. */
export async function situation(
  kubectl: Kubectl,
  namespace: string,
  name: string,
): Promise<string> {
  const release = await kubectl.get('modelrelease', name, namespace);
  const objects = await kubectl.run([
    'get',
    'jobs,pods,deployments',
    '-n',
    namespace,
    '-o',
    'wide',
  ]);
  const events = await kubectl.run(['get', 'events', '-n', namespace, '--sort-by=.lastTimestamp']);
  const operator = await kubectl
    .run(['logs', '-n', operatorNamespace, `deployment/${operatorName}`, '--tail=15'])
    .catch(String);
  const last = events.split('\n').slice(-25).join('\n');
  return [JSON.stringify(release?.status, null, 1), objects, last, operator].join('\n');
}

/** The message of a condition, '' where there is none; `reason` likewise. */
export function condition(
  seen: ModelRelease,
  type: string,
): { status: string; reason: string; message: string } {
  const found = seen.status?.conditions?.find((each) => each.type === type);
  return {
    status: found?.status ?? '',
    reason: found?.reason ?? '',
    message: found?.message ?? '',
  };
}
