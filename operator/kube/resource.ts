/** One kind of object of the API, as its REST paths need it. */
export interface Resource {
  /** `v1`, `batch/v1`, … */
  apiVersion: string;
  kind: string;
  plural: string;
  /** Namespaced, if not said otherwise. */
  clusterScoped?: true;
}

export const pods: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };
export const services: Resource = { apiVersion: 'v1', kind: 'Service', plural: 'services' };
export const jobs: Resource = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs' };
export const deployments: Resource = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
};
export const controllerRevisions: Resource = {
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
};
export const leases: Resource = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
};
export const events: Resource = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' };

/**
 * The REST path of a collection (no name), of an object or of a subresource. Without a namespace the path of a
 * namespaced collection spans all namespaces. Throws where a name is none: the path would mean something else, `DELETE …/jobs/`
 * all Jobs.
 */
export function pathOf(
  resource: Resource,
  {
    namespace,
    name,
    subresource,
  }: { namespace?: string | undefined; name?: string; subresource?: string } = {},
): string {
  if (name !== undefined && namespace === undefined && !resource.clusterScoped) {
    throw new Error(`The ${resource.kind} ${name} has no namespace: ${resource.plural} need one.`);
  }
  for (const [what, given] of [
    ['namespace', namespace],
    [resource.kind, name],
  ])
    if (given !== undefined && ['', '.', '..'].includes(given))
      throw new Error(`"${given}" is no name of a ${what}.`);
  const root = resource.apiVersion.includes('/')
    ? `/apis/${resource.apiVersion}`
    : `/api/${resource.apiVersion}`;
  const parts = [
    ...(namespace === undefined || resource.clusterScoped ? [] : ['namespaces', namespace]),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `${root}/${parts.map(encodeURIComponent).join('/')}`;
}
