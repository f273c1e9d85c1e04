import type { StoreSettings } from '@shelfwise/trainer-contract';
import type { StepResult } from '@shelfwise/trainer-contract/program';
import type { Logger } from 'pino';
import type { OidcSettings } from './auth/oidc.ts';
import type { NamedServiceAccount } from './auth/service-account-tokens.ts';

/** The environment as data. */
export interface InferenceConfig {
  store: StoreSettings;
  /** Where downloads are unpacked. */
  scratchDir: string;
  /** Inference worker threads. */
  workers: number;
  /** File with the URL of the accounts' database; without it there are no accounts. */
  databaseUrlFile: string | undefined;
  /** Folder of ES256 private keys `<kid>.pem`. */
  tokenKeysDir: string | undefined;
  /** Folder with `username` and `password` of the first admin. */
  adminCredentialsDir: string | undefined;
  /** Namespaces whose ServiceAccounts may call; `*` for all. */
  serviceAccountNamespaces: string[];
  /** ServiceAccounts that have roles by name, of any namespace. */
  serviceAccounts: NamedServiceAccount[];
  /** Networks of the proxies whose X-Forwarded-For is believed. */
  trustedProxies: string[];
  /** Who vouches for callers instead of our own accounts. */
  oidc: OidcSettings | undefined;
  /** The apiserver as a pod sees it; undefined outside a cluster. */
  apiserver: { url: string; caFile: string; tokenFile: string } | undefined;
  /** How long a draining pod keeps answering, until no client is sent to it any more. */
  shutdownDelayMs: number;
  /** A prediction that cannot be given within this is refused. */
  predictDeadlineMs: number;
  logLevel: string;
}

/** What a command is handed: its environment as data, a way to be stopped, and ways to speak. */
export interface StepIo {
  config: InferenceConfig;
  /** Aborted at SIGTERM or SIGINT. */
  signal: AbortSignal;
  log: Logger;
  /** One line of JSON on stdout. */
  progress(event: Record<string, string | number | null>): void;
}

/**
 * A subcommand. Its `message` becomes the termination message and, with `detail`, the last line of stdout; what it throws
 * becomes the exit code and the message of a failure.
 */
export interface Step {
  usage: string;
  run(args: string[], io: StepIo): Promise<StepResult>;
}
