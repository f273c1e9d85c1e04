import type { Resource } from '../kube/resource.ts';
import type { ModelRelease } from './model-release.gen.ts';

export type { ModelRelease };

/** Every field with a default is filled in: the API server does that, for what was stored long ago, too. */
export type ModelReleaseSpec = ModelRelease['spec'];
export type ModelReleaseStatus = NonNullable<ModelRelease['status']>;

export type Gate = ModelReleaseSpec['gate'];
export type ModelSettings = ModelReleaseSpec['training']['model'];
export type SearchSettings = NonNullable<ModelReleaseSpec['training']['search']>;
export type MetricName = Gate['metrics'][number]['name'];

export type Condition = NonNullable<ModelReleaseStatus['conditions']>[number];
export type HistoryEntry = NonNullable<ModelReleaseStatus['history']>[number];
export type OutcomeName = HistoryEntry['outcome'];
export type Phase = NonNullable<ModelReleaseStatus['phase']>;

export const group = 'shelfwise.dev';
export const apiVersion = `${group}/v1alpha1`;
export const kind = 'ModelRelease';

export const modelReleases: Resource = { apiVersion, kind, plural: 'modelreleases' };
