import { convFusion } from '../conv-fusion/architecture.ts';
import { lstmCnn } from '../lstm-cnn/architecture.ts';
import type { Architecture } from './architecture.ts';

/** The architectures by name; the first is the default. */
export const architectures = {
  'conv-fusion': convFusion,
  'lstm-cnn': lstmCnn,
} as const satisfies Record<string, Architecture>;

export type ArchitectureName = keyof typeof architectures;
