import { ApiError, hasReason } from './api-error.ts';
import { handedOver } from './field-ownership.ts';
import type { KubernetesObject, ObjectName, Stored } from './object.ts';
import { pathOf, type Resource } from './resource.ts';
import type { Transport } from './transport.ts';

export interface RemoveOptions {
  /** Background, if not said otherwise: children go after their owner, and nobody waits for them. */
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Refuse the delete if the object changed since it was read, not only if it is another one of the same name. */
  onlyIfUnchanged?: boolean;
}

/** An object that was read before: its UID and resourceVersion are the precondition of a write. */
export interface Known {
  metadata: { namespace?: string; name: string; uid: string; resourceVersion: string };
}

/**
 * The verbs on single objects. All of them throw ApiError. Bodies are raw JSON both ways: what a typed client does
 * not know it drops, and under server-side apply a dropped field is a deletion.
 */
export interface Objects {
  /** undefined where there is none. Asks the API server, not a cache. */
  get<T extends KubernetesObject>(
    resource: Resource,
    name: ObjectName,
  ): Promise<Stored<T> | undefined>;
  /** ApiError AlreadyExists where the name is taken: whose it is, the caller has to find out. */
  create<T extends KubernetesObject>(resource: Resource, object: T): Promise<Stored<T>>;
  /**
   * Server-side apply: exactly these fields are ours; a field applied before and left out now is removed.
   * With a metadata.uid or resourceVersion it is refused (Conflict) when the live object is another one.
   */
  apply<T extends KubernetesObject>(
    resource: Resource,
    object: T,
    options?: { force?: boolean },
  ): Promise<Stored<T>>;
  /**
   * Server-side apply to an object as it was read just now, by `get`: Conflict when it changed since. What we set when we created
   * it counts as applied, so that it can be left out, too.
   */
  applyTo<T extends KubernetesObject>(
    resource: Resource,
    live: Stored<KubernetesObject>,
    object: T,
  ): Promise<Stored<T>>;
  /** Says whether there was something to delete. Conflict when the name belongs to another object by now. */
  remove(resource: Resource, object: Known, options?: RemoveOptions): Promise<boolean>;
  /** Replaces the whole status; Conflict when the object changed since it was read. */
  updateStatus<T extends KubernetesObject>(
    resource: Resource,
    object: Known,
    status: unknown,
  ): Promise<Stored<T>>;
  /** Sets the annotations given, removes those that are null; Conflict when the object changed since it was read. */
  patchAnnotations<T extends KubernetesObject>(
    resource: Resource,
    object: Known,
    annotations: Record<string, string | null>,
  ): Promise<Stored<T>>;
}

export function createObjects({
  transport,
  fieldManager,
}: {
  transport: Pick<Transport, 'request'>;
  fieldManager: string;
}): Objects {
  const at = (resource: Resource, { namespace, name }: ObjectName, subresource?: string): string =>
    pathOf(resource, { namespace, name, ...(subresource === undefined ? {} : { subresource }) });

  const objects: Objects = {
    async get(resource, name) {
      try {
        return await transport.request({ method: 'GET', path: at(resource, name) });
      } catch (error) {
        if (hasReason(error, 'NotFound')) return undefined;
        throw error;
      }
    },

    create: (resource, object) =>
      transport.request({
        method: 'POST',
        path: pathOf(resource, { namespace: object.metadata.namespace }),
        query: { fieldManager },
        body: object,
      }),

    async apply(resource, object, { force = true } = {}) {
      try {
        return await transport.request({
          method: 'PATCH',
          path: at(resource, object.metadata),
          query: { fieldManager, force },
          // JSON is YAML: no second serialisation, and no second meaning of a string like "1e3".
          contentType: 'application/apply-patch+yaml',
          body: object,
        });
      } catch (error) {
        if (!isOtherUid(error)) throw error;
        const message = 'there is another object of this name by now.';
        throw new ApiError({ ...error, status: 409, reason: 'Conflict', message, cause: error });
      }
    },

    async applyTo(resource, live, object) {
      const { uid } = live.metadata;
      let { resourceVersion } = live.metadata;
      const managedFields = handedOver(live.metadata.managedFields ?? [], fieldManager);
      if (managedFields) {
        const { metadata } = await transport.request<typeof live>({
          method: 'PATCH',
          path: at(resource, live.metadata),
          query: { fieldManager },
          contentType: 'application/json-patch+json',
          body: [
            { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
            { op: 'replace', path: '/metadata/managedFields', value: managedFields },
          ],
        });
        resourceVersion = metadata.resourceVersion;
      }
      const metadata = { ...object.metadata, uid, resourceVersion };
      return objects.apply(resource, { ...object, metadata });
    },

    async remove(
      resource,
      { metadata },
      { propagationPolicy = 'Background', onlyIfUnchanged = false } = {},
    ) {
      const preconditions = {
        uid: metadata.uid,
        ...(onlyIfUnchanged ? { resourceVersion: metadata.resourceVersion } : {}),
      };
      try {
        await transport.request({
          method: 'DELETE',
          path: at(resource, metadata),
          body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions },
        });
        return true;
      } catch (error) {
        if (hasReason(error, 'NotFound')) return false;
        throw error;
      }
    },

    updateStatus: (resource, { metadata }, status) =>
      transport.request({
        method: 'PATCH',
        path: at(resource, metadata, 'status'),
        query: { fieldManager },
        // A merge patch would keep what is left out; a PUT would send the whole spec along. Adding the
        // resourceVersion makes the API server compare it: another one is a Conflict.
        contentType: 'application/json-patch+json',
        body: [
          { op: 'add', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
          { op: 'add', path: '/status', value: status },
        ],
      }),

    patchAnnotations: (resource, { metadata }, annotations) =>
      transport.request({
        method: 'PATCH',
        path: at(resource, metadata),
        query: { fieldManager },
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, annotations },
        },
      }),
  };
  return objects;
}

/** Of another UID the API server says Invalid, as of any immutable field; of another resourceVersion, Conflict. */
function isOtherUid(error: unknown): error is ApiError {
  return hasReason(error, 'Invalid') && error.message.includes('metadata.uid: Invalid value');
}
