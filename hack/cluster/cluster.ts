import type { ClusterKind, Config } from '../config.ts';
import { currentCluster } from './current.ts';
import { dockerAnswers } from './docker.ts';
import { kindCluster } from './kind.ts';
import { localCluster } from './local/local.ts';

export interface UpOptions {
  /** How many nvidia.com/gpu the node says that it has. */
  gpus: number;
}

export interface ClusterStatus {
  kind: ClusterKind;
  running: boolean;
  kubeconfig: string;
  /** Where its nodes pull images from, if it has a registry of its own. */
  registry?: string;
  version?: string;
  gpus?: number;
  processes?: { name: string; pid: number; running: boolean }[];
  /** What a person should know about it, in sentences. */
  notes: string[];
}

/** One of the three clusters that Shelfwise can be tried on. */
export interface Cluster {
  kind: ClusterKind;
  kubeconfig: string;
  /** Where images are pushed to; undefined: they are loaded into the nodes instead, by `load`. */
  registry?: string;
  load?: (references: string[]) => Promise<void>;
  up(options: UpOptions): Promise<void>;
  down(): Promise<void>;
  status(): Promise<ClusterStatus>;
}

/** The cluster that CLUSTER names; without it kind where a Docker engine answers, else the local one. */
export async function chooseCluster(config: Config): Promise<Cluster> {
  const kind = config.cluster ?? ((await dockerAnswers(config)) ? 'kind' : 'local');
  switch (kind) {
    case 'local':
      return localCluster(config);
    case 'kind':
      return kindCluster(config);
    case 'current':
      return currentCluster(config);
  }
}
