import { hasReason } from './api-error.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { pathOf, type Resource } from './resource.ts';
import type { Transport } from './transport.ts';

/** Which objects of a resource are meant. */
export interface Selection {
  resource: Resource;
  /** All namespaces, if not said otherwise. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface Listed<T extends KubernetesObject> {
  items: Stored<T>[];
  /** What a watch goes on from. */
  resourceVersion: string;
}

interface Page<T extends KubernetesObject> {
  metadata: { resourceVersion: string; continue?: string };
  items: Stored<T>[] | null;
}

/**
 * All objects, page by page, as they were at one moment. Without resourceVersion the API server answers from etcd, not
 * from a cache that may be older than what we have seen.
 */
export async function listAll<T extends KubernetesObject>(
  transport: Pick<Transport, 'request'>,
  selection: Selection,
  { signal, pageSize = 500 }: { signal?: AbortSignal; pageSize?: number } = {},
): Promise<Listed<T>> {
  const { resource, namespace, labelSelector, fieldSelector } = selection;
  const page = (limit: number | undefined, token?: string): Promise<Page<T>> =>
    transport.request({
      method: 'GET',
      path: pathOf(resource, { namespace }),
      query: { labelSelector, fieldSelector, limit, continue: token },
      ...(signal ? { signal } : {}),
    });

  let latest = await page(pageSize);
  let items = latest.items ?? [];
  while (latest.metadata.continue) {
    try {
      latest = await page(pageSize, latest.metadata.continue);
    } catch (error) {
      if (!hasReason(error, 'Expired')) throw error;
      // The moment that the pages show was compacted away: all in one answer can't be.
      latest = await page(undefined);
      items = [];
    }
    items = items.concat(latest.items ?? []);
  }
  // Items of a list name neither kind nor apiVersion: the list does.
  const { apiVersion, kind } = resource;
  return {
    items: items.map((item) => ({ ...item, apiVersion, kind })),
    resourceVersion: latest.metadata.resourceVersion,
  };
}
