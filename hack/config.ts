import { homedir } from 'node:os';
import { join } from 'node:path';

export type ClusterKind = 'local' | 'kind' | 'current';

/** What the programs under hack/ take from the environment. Nothing else in hack/ reads it. */
export interface Config {
  /** Built binaries, images and pulled layers: may be removed at any time, is only rebuilt. */
  cacheDir: string;
  /** What the running local cluster needs. */
  stateDir: string;
  /** undefined: local where no Docker engine answers, kind where one does. */
  cluster: ClusterKind | undefined;
  /** Where CLUSTER=current pushes images to. */
  registry: string | undefined;
  /** The environment as it is, for the programs that we start. */
  inherited: NodeJS.ProcessEnv;
}

const kinds: ClusterKind[] = ['local', 'kind', 'current'];

/** Reads the settings; throws one sentence naming the variable when a value is not one of the possible ones. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const cluster = environment.CLUSTER || undefined;
  if (cluster !== undefined && !kinds.includes(cluster as ClusterKind)) {
    throw new Error(
      `CLUSTER is "${cluster}"; set it to local, kind or current, or leave it unset.`,
    );
  }
  const home = environment.HOME || homedir();
  return {
    cacheDir: join(environment.XDG_CACHE_HOME || join(home, '.cache'), 'shelfwise'),
    stateDir: join(environment.XDG_STATE_HOME || join(home, '.local', 'state'), 'shelfwise'),
    cluster: cluster as ClusterKind | undefined,
    registry: environment.REGISTRY || undefined,
    inherited: environment,
  };
}

/** Held while images are built. */
export function imagesLock({ cacheDir }: Config): string {
  return join(cacheDir, 'locks', 'images.lock');
}
