/** What a request is about, in the API's own terms: for error messages, metrics and RBAC alike. */
export interface RequestInfo {
  verb: string;
  /** `jobs.batch`, `modelreleases.shelfwise.dev/status`, `pods`; the path itself for what is no resource. */
  resource: string;
  /** `namespace/name`, `namespace` for a collection in one, or empty. */
  object: string;
}

type Query = { watch?: unknown };

const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' };

/** Reads verb, resource and object from method, path and query, as the API server does for authorisation. */
export function requestInfo(method: string, path: string, query: Query = {}): RequestInfo {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root, ...afterRoot] = parts;
  if (root !== 'api' && root !== 'apis')
    return { verb: method.toLowerCase(), resource: path, object: '' };
  const group = root === 'apis' ? afterRoot[0] : '';
  let rest = afterRoot.slice(root === 'apis' ? 2 : 1);
  let namespace = '';
  // /namespaces/NAME alone is the object Namespace; with more behind it, it is where something else lies.
  if (
    rest[0] === 'namespaces' &&
    rest.length > 2 &&
    !['status', 'finalize'].includes(rest[2] ?? '')
  ) {
    namespace = rest[1] ?? '';
    rest = rest.slice(2);
  }
  const [plural, name, ...subresource] = rest;
  if (plural === undefined) return { verb: method.toLowerCase(), resource: path, object: '' };
  return {
    verb: verbs[method] ?? readOrDelete(method, name !== undefined, query),
    resource: [group ? `${plural}.${group}` : plural, ...subresource].join('/'),
    object: [namespace, name].filter((part) => part).join('/'),
  };
}

function readOrDelete(method: string, named: boolean, query: Query): string {
  if (method === 'DELETE') return named ? 'delete' : 'deletecollection';
  if (query.watch) return 'watch';
  return named ? 'get' : 'list';
}
