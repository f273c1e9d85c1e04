/** The Deployment and the Services of the release that serves: built here, compared and applied elsewhere. */
import { canonicalJson, sha256Of } from '@shelfwise/trainer-contract/digest';
import type { DeploymentObject, ServiceObject } from '../api/kubernetes.ts';
import {
  appliedAnnotation,
  digestAnnotation,
  labelsFor,
  modelReleaseLabel,
  ownedBy,
  releaseLabel,
  trackLabel,
} from '../api/metadata.ts';
import type { ModelRelease } from '../api/model-release.ts';
import { stableName } from '../api/names.ts';
import type { Defaults } from './observation.ts';
import {
  adminPart,
  container,
  databasePart,
  joinParts,
  type Part,
  podSpec,
  scratchPart,
  storePart,
  storeUrl,
  tokenKeysPart,
} from './pod.ts';
import type { Run } from './run.ts';

export const servingContainer = 'inference';
const port = 8080;
/** A bundle unpacked, its tar and room for uploads: the bundle's own limit is 1 GiB. */
const scratchLimit = '4Gi';

/** A release to serve: by its digest, so that not even a changed object in the bucket could take its place. */
export interface Servable {
  release: string;
  digest: string;
  image: string;
}

/**
 * What a run's release is served by. The image is the one that judged it, unless the spec names another now: a new version
 * of the operator, with another default, restarts nobody's pods.
 */
export function servableOf(run: Run, { spec }: ModelRelease): Servable | undefined {
  const digest = run.evaluation?.candidate.digest;
  if (digest === undefined) return undefined;
  return { release: run.release, digest, image: spec.serving.image ?? run.images.inference };
}

/**
 * The Deployment that serves a release under the present spec.serving.
 *
 * Frozen, once this is in use: the name and spec.selector (immutable in the API), and every field of the pod template as it
 * comes out for a given spec. A change here is a restart of every serving pod of every cluster at the next upgrade of the
 * operator. serving.test.ts holds the whole object for that reason.
 */
export function buildDeployment(
  modelRelease: ModelRelease,
  { release, digest, image }: Servable,
  pullPolicy: Defaults['imagePullPolicy'],
): DeploymentObject {
  const { spec, metadata } = modelRelease;
  const { serving } = spec;
  const labels = { ...labelsFor(metadata.name, 'inference'), [trackLabel]: 'stable' };
  const part = joinParts([
    storePart(spec.store),
    callersPart(modelRelease),
    scratchPart(scratchLimit),
  ]);
  const args = ['serve', '--store', storeUrl(spec, modelRelease), '--release', release];
  args.push('--digest', digest, '--port', String(port));
  return withAppliedDigest({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...nameIn(modelRelease, stableName(metadata.name)),
      labels: { ...labels, [releaseLabel]: release },
      annotations: { [digestAnnotation]: digest },
      ownerReferences: [ownedBy(modelRelease)],
    },
    spec: {
      replicas: serving.replicas,
      progressDeadlineSeconds: serving.progressDeadlineSeconds,
      revisionHistoryLimit: 2,
      // No pod goes before its successor has verified the model and is ready.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: selector(metadata.name, 'stable') },
      template: {
        metadata: {
          labels: { ...labels, [releaseLabel]: release },
          annotations: { [digestAnnotation]: digest },
        },
        spec: podSpec(
          {
            // It asks the API server for the issuer's keys, which check ServiceAccount tokens.
            automountServiceAccountToken: true,
            terminationGracePeriodSeconds: 60,
            containers: [
              {
                ...container(servingContainer, {
                  image,
                  pullPolicy,
                  args,
                  resources: serving.resources,
                  part,
                }),
                ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
                // Downloading and verifying may take long; /healthz answers all the while.
                startupProbe: probe('/healthz', { periodSeconds: 2, failureThreshold: 60 }),
                readinessProbe: probe('/readyz', { periodSeconds: 2, failureThreshold: 2 }),
                livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 3 }),
              },
            ],
            volumes: part.volumes,
          },
          serving,
          serving,
        ),
      },
    },
  });
}

/** `<name>` for all traffic, `<name>-stable` for what has proven itself: the same pods until there is a canary. */
export function buildServices(modelRelease: ModelRelease): ServiceObject[] {
  const { name } = modelRelease.metadata;
  const service = (serviceName: string, pods: Record<string, string>): ServiceObject =>
    withAppliedDigest({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...nameIn(modelRelease, serviceName),
        labels: labelsFor(name, 'inference'),
        ownerReferences: [ownedBy(modelRelease)],
      },
      spec: {
        selector: pods,
        ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
      },
    });
  return [service(name, selector(name)), service(stableName(name), selector(name, 'stable'))];
}

function selector(name: string, track?: string): Record<string, string> {
  const pods = { [modelReleaseLabel]: name, 'app.kubernetes.io/component': 'inference' };
  return track === undefined ? pods : { ...pods, [trackLabel]: track };
}

/** Accounts and ServiceAccounts: who may call. */
function callersPart({ metadata, spec: { serving } }: ModelRelease): Part {
  const { signingKeySecret, adminSecret, serviceAccountNamespaces } = serving.auth;
  const namespaces = new Set([metadata.namespace ?? '', ...serviceAccountNamespaces]);
  const parts: Part[] = [
    {
      volumes: [],
      mounts: [],
      environment: [
        { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        // Unset, it is the pod's own namespace; a list replaces that.
        ...(serviceAccountNamespaces.length > 0
          ? [{ name: 'SERVICE_ACCOUNT_NAMESPACES', value: [...namespaces].join(',') }]
          : []),
      ],
    },
  ];
  if (serving.database) parts.push(databasePart(serving.database.secret));
  if (signingKeySecret) parts.push(tokenKeysPart(signingKeySecret.name));
  if (adminSecret) parts.push(adminPart(adminSecret.name));
  return joinParts(parts);
}

function probe(path: string, timing: { periodSeconds: number; failureThreshold: number }) {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 2, ...timing };
}

function nameIn({ metadata }: ModelRelease, name: string): { name: string; namespace?: string } {
  return metadata.namespace === undefined ? { name } : { name, namespace: metadata.namespace };
}

function withAppliedDigest<T extends DeploymentObject | ServiceObject>(object: T): T {
  const annotations = {
    ...object.metadata.annotations,
    [appliedAnnotation]: sha256Of(canonicalJson(object)),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
