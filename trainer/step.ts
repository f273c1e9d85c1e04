import type { StoreSettings } from '@shelfwise/trainer-contract';
import type { StepResult } from '@shelfwise/trainer-contract/program';
import type { Logger } from 'pino';
import type { MlflowSettings } from './tracking/mlflow-server.ts';

/** What every step is handed: its environment as data, a way to be stopped, and ways to speak. */
export interface StepIo {
  config: TrainerConfig;
  /** Aborted at SIGTERM or SIGINT. A step then ends with StepError('Interrupted', …) and publishes nothing. */
  signal: AbortSignal;
  log: Logger;
  /** One line of progress: JSON on stdout, or a bar on stderr where a person looks at a terminal. */
  progress(event: ProgressEvent): void;
}

export interface TrainerConfig {
  store: StoreSettings;
  /** Where large temporary files go. */
  scratchDir: string;
  /** File that holds the URL of the catalogue's database. */
  databaseUrlFile: string | undefined;
  /** `cpu` or `gpu`: what `train` uses unless told. */
  trainDevice: 'cpu' | 'gpu';
  /** Folder with the backbone's weights, where the image brings its own. */
  backboneDir: string | undefined;
  /** XDG_CACHE_HOME, where what was prepared on a developer's machine lies. */
  cacheHome: string | undefined;
  /** The MLflow that `train` tells of itself, where there is one. */
  mlflow?: MlflowSettings | undefined;
  logLevel: string;
}

/** Progress of a step; the known fields are what the terminal bar shows, further ones are only printed. */
export interface ProgressEvent {
  step: string;
  /** What is being done, in a few words, when a step has several parts. */
  phase?: string;
  done?: number;
  total?: number;
  epoch?: number;
  epochs?: number;
  batch?: number;
  batches?: number;
  loss?: number;
  accuracy?: number;
  itemsPerSecond?: number;
  etaSeconds?: number;
  [field: string]: string | number | boolean | null | undefined;
}

/**
 * A subcommand. `run` parses its own arguments. Its `message` becomes the termination message and,
 * with `detail`, the last line of stdout; what it throws becomes the exit code and the message of a failure.
 */
export interface Step {
  usage: string;
  /** How long it may take to end after SIGTERM, before it is given up: 10 seconds unless told. */
  stopWithinMs?: number;
  run(args: string[], io: StepIo): Promise<StepResult>;
}
