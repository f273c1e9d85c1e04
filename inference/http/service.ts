import type { Engine } from '../engine/engine.ts';
import type { Served } from './predict-response.ts';
import { Problem } from './problems.ts';

/** The model that answers, and who it is. */
export interface Loaded {
  served: Served;
  engine: Engine;
}

/** Where the program stands; the one thing that handlers read and serve.ts changes. */
export interface ServiceState {
  /** What it does until the model is ready, as words for /readyz. */
  progress: string;
  loaded: Loaded | undefined;
  /** Set at SIGTERM: requests are answered, but no new ones are wanted. */
  draining: boolean;
}

/** The model that answers. Throws `not-ready` while there is none. */
export function loadedModel({ loaded, progress }: ServiceState): Loaded {
  if (loaded) return loaded;
  throw new Problem('not-ready', `The model is not ready: ${progress}.`, { retryAfter: 2 });
}

/** Whether what the service can do without is there, read when someone asks; undefined for what it has none of. */
export type Dependencies = () => Record<DependencyName, boolean | undefined>;

export const dependencyNames = ['database', 'store', 'clusterKeys', 'oidc'] as const;
export type DependencyName = (typeof dependencyNames)[number];
