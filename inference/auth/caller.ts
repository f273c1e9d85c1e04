import type { Role } from '@shelfwise/inference-contract';

/** Who asks: a person or program with an account of ours, or a ServiceAccount of the cluster. */
export type Caller =
  | { kind: 'account'; id: string; username: string; role: Role }
  | { kind: 'serviceAccount'; namespace: string; name: string };
