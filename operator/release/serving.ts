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
import { isCandidate, type Run } from './run.ts';
import { servingTemplates } from './serving-template.ts';

/** A release to serve: by its digest, so that not even a changed object in the bucket could take its place. */
export interface Servable {
  release: string;
  digest: string;
  image: string;
  /** Which version of the pod template its record names. */
  template: number;
  /** undefined: the record is older than this field. */
  pullPolicy: Defaults['imagePullPolicy'] | undefined;
}

/**
 * What a run's release is served by, as its record says: the image that judged it, the pod template and the pull policy of the
 * operator under which it began. So a new version or another setting of the operator restarts nobody's pods. An image that the
 * spec names by now takes the place of the recorded one once the release serves: a candidate takes over as it was judged.
 */
export function servableOf(run: Run, { spec }: ModelRelease): Servable | undefined {
  const digest = run.evaluation?.candidate.digest;
  if (digest === undefined) return undefined;
  const recorded = run.images.inference;
  return {
    release: run.release,
    digest,
    image: isCandidate(run) ? recorded : (spec.serving.image ?? recorded),
    template: run.template ?? 1,
    pullPolicy: run.imagePullPolicy,
  };
}

/**
 * The Deployment that serves a release under the present spec.serving.
 *
 * Frozen, once this is in use: the name and spec.selector (immutable in the API), and the pod template (serving-template.ts).
 */
export function buildDeployment(
  modelRelease: ModelRelease,
  { release, digest, image, template, pullPolicy }: Servable,
  {
    imagePullPolicy,
    templates = servingTemplates,
  }: Pick<Defaults, 'imagePullPolicy' | 'templates'>,
): DeploymentObject {
  const { spec, metadata } = modelRelease;
  const { serving } = spec;
  const build = templates[template - 1];
  if (!build)
    throw new Error(`There is no version ${template} of the pod template of serving pods.`);
  const labels = { ...labelsFor(metadata.name, 'inference'), [trackLabel]: 'stable' };
  const deployment = withAppliedDigest({
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
      template: build({
        modelRelease,
        release,
        digest,
        image,
        pullPolicy: pullPolicy ?? imagePullPolicy,
      }),
    },
  } satisfies DeploymentObject);
  // Of what somebody paused neither a release nor its way back would ever come to an end: no deadline counts there. It is never
  // left out, so the digest need not tell of it, and Deployments from before it was said here are as they should be.
  return { ...deployment, spec: { ...deployment.spec, paused: false } };
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
