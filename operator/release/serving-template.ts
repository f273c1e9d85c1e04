/**
 * The pod templates of serving pods, by version. A change of what a version gives restarts every serving pod of every cluster when
 * the operator is upgraded, so it is frozen once it was released: golden/ holds what it gives, and a test compares. What has to be
 * different becomes a new version at the end of the list: releases that begin under the new operator get it and bring it in as they
 * bring in their model, pod by pod and with the way back; what serves already keeps the version that its record names.
 */
import type { DeploymentObject, EnvironmentVariable } from '../api/kubernetes.ts';
import { digestAnnotation, labelsFor, releaseLabel, trackLabel } from '../api/metadata.ts';
import type { ModelRelease } from '../api/model-release.ts';
import type { Defaults } from './observation.ts';
import {
  adminPart,
  container,
  databasePart,
  joinParts,
  oidcPart,
  type Part,
  podSpec,
  scratchPart,
  storePart,
  storeUrl,
  tokenKeysPart,
} from './pod.ts';

export type PodTemplate = NonNullable<DeploymentObject['spec']>['template'];

/** The ModelRelease as it is now, and of its release what its run's record says. */
export interface TemplateContext {
  modelRelease: ModelRelease;
  release: string;
  digest: string;
  image: string;
  pullPolicy: Defaults['imagePullPolicy'];
}

export type ServingTemplate = (context: TemplateContext) => PodTemplate;

export const servingContainer = 'inference';
const port = 8080;
/** A bundle unpacked, its tar and room for uploads: the bundle's own limit is 1 GiB. */
const scratchLimit = '4Gi';

/** Version 1 is the first. Add at the end; a version that some record may still name stays. */
export const servingTemplates: readonly ServingTemplate[] = [template1];

function template1({
  modelRelease,
  release,
  digest,
  image,
  pullPolicy,
}: TemplateContext): PodTemplate {
  const { spec, metadata } = modelRelease;
  const { serving } = spec;
  const part = joinParts([
    storePart(spec.store),
    callersPart(modelRelease),
    scratchPart(scratchLimit),
  ]);
  const args = ['serve', '--store', storeUrl(spec, modelRelease), '--release', release];
  args.push('--digest', digest, '--port', String(port));
  return {
    metadata: {
      labels: {
        ...labelsFor(metadata.name, 'inference'),
        [trackLabel]: 'stable',
        [releaseLabel]: release,
      },
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
  };
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
  parts.push(...laterParts(serving.auth, metadata.namespace ?? ''));
  return joinParts(parts);
}

/** What ModelReleases may ask for that were written after version 1 was frozen: where they don't, nothing of it is there. */
function laterParts(
  { serviceAccounts, trustedProxies, oidc }: ModelRelease['spec']['serving']['auth'],
  namespace: string,
): Part[] {
  const environment: EnvironmentVariable[] = [];
  if (serviceAccounts) {
    const named = serviceAccounts.map((one) => ({ namespace, ...one }));
    environment.push({ name: 'SERVICE_ACCOUNT_ROLES', value: JSON.stringify(named) });
  }
  if (trustedProxies) environment.push({ name: 'TRUSTED_PROXIES', value: trustedProxies.join() });
  return [{ volumes: [], mounts: [], environment }, ...(oidc ? [oidcPart(oidc)] : [])];
}

function probe(path: string, timing: { periodSeconds: number; failureThreshold: number }) {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 2, ...timing };
}
