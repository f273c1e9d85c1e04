import { ApiError, hasReason } from './api-error.ts';
import type { KubernetesObject, Stored } from './object.ts';
import { requestInfo } from './request-info.ts';
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

export interface ListOptions<T extends KubernetesObject> {
  signal?: AbortSignal;
  pageSize?: number;
  /** What is kept of an object: asked page by page, so that all of a long list is never in memory at full size. */
  keep?: (item: Stored<T>) => Stored<T>;
}

interface Page<T extends KubernetesObject> {
  metadata: { resourceVersion: string; continue?: string };
  items: Stored<T>[];
}

/**
 * All objects, page by page, as they were at one moment. Without resourceVersion the API server answers with what is in etcd
 * now, not from a cache that may be older than what we have seen.
 */
export async function listAll<T extends KubernetesObject>(
  transport: Pick<Transport, 'request'>,
  selection: Selection,
  { signal, pageSize = 500, keep = (item) => item }: ListOptions<T> = {},
): Promise<Listed<T>> {
  const { resource, namespace, labelSelector, fieldSelector } = selection;
  // Items of a list name neither kind nor apiVersion: the list does.
  const { apiVersion, kind } = resource;
  const path = pathOf(resource, { namespace });

  async function page(limit: number | undefined, token?: string): Promise<Page<T>> {
    const query = { labelSelector, fieldSelector, limit, continue: token };
    const abort = signal ? { signal } : {};
    const answer = await transport.request<Page<T>>({ method: 'GET', path, query, ...abort });
    if (!isPage(answer)) throw noList(path);
    const items = (answer.items ?? []).map((item) => keep({ ...item, apiVersion, kind }));
    return { metadata: answer.metadata, items };
  }

  let latest = await page(pageSize);
  let items = latest.items;
  while (latest.metadata.continue) {
    try {
      latest = await page(pageSize, latest.metadata.continue);
    } catch (error) {
      if (!hasReason(error, 'Expired')) throw error;
      // The moment that the pages show was compacted away: all in one answer can't be.
      latest = await page(undefined);
      items = [];
    }
    items = items.concat(latest.items);
  }
  return { items, resourceVersion: latest.metadata.resourceVersion };
}

/** Whatever stands between us and the API server may answer 200 with something else. */
function isPage(answer: unknown): boolean {
  const { metadata, items } = (answer ?? {}) as Partial<Page<KubernetesObject>>;
  if (typeof metadata?.resourceVersion !== 'string') return false;
  return items === null || items === undefined || (Array.isArray(items) && items.every(isStored));
}

/** Whether it has what a cache needs to keep it. */
export function isStored(object: unknown): boolean {
  const { name, resourceVersion } = (object as Partial<KubernetesObject> | null)?.metadata ?? {};
  return typeof name === 'string' && typeof resourceVersion === 'string';
}

function noList(path: string): ApiError {
  const message = 'the answer is no list of objects with names and versions.';
  return new ApiError({ ...requestInfo('GET', path), status: 0, reason: 'BadResponse', message });
}
