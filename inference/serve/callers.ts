import { StepError } from '@shelfwise/trainer-contract';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { openAccounts } from '../accounts/accounts.ts';
import { ensureAdmin, readCredentials } from '../accounts/first-admin.ts';
import { shareKeyAges } from '../accounts/key-ages.ts';
import { createPasswords } from '../accounts/passwords.ts';
import { apiserverSource } from '../auth/apiserver.ts';
import { createClusterIssuer } from '../auth/cluster-issuer.ts';
import { type KeyRing, openKeyRing } from '../auth/key-ring.ts';
import { createOidcIssuer } from '../auth/oidc.ts';
import { openDatabase } from '../database/database.ts';
import type { InferenceConfig } from '../step.ts';

const keyReloadMs = 30_000;

/** Everything that decides who may call. Throws BadConfiguration when that is nobody. */
export async function openCallers(config: InferenceConfig, log: Logger) {
  const { databaseUrlFile, tokenKeysDir, apiserver } = config;
  if (!databaseUrlFile && !tokenKeysDir && !apiserver && !config.oidc) {
    throw new StepError(
      'BadConfiguration',
      'Nobody could call this service: set DATABASE_URL_FILE and TOKEN_KEYS_DIR for accounts, OIDC_ISSUER for those of an issuer, or run it in a cluster for ServiceAccount tokens.',
    );
  }
  const keys = tokenKeysDir === undefined ? undefined : await openKeyRing(tokenKeysDir);
  const stopReloading = keys && reloadNowAndThen(keys, log);
  const cluster = apiserver && createClusterIssuer(apiserverSource(apiserver), log);
  void cluster?.refresh();
  const oidc = config.oidc && createOidcIssuer(config.oidc, log);
  void oidc?.refresh();
  const accounts =
    databaseUrlFile === undefined
      ? undefined
      : await openDatabaseOfAccounts(config, databaseUrlFile, keys, log);
  const close = async () => {
    stopReloading?.();
    await accounts?.close();
    await accounts?.database.close();
  };
  const { serviceAccounts, trustedProxies } = config;
  return { keys, cluster, oidc, accounts, serviceAccounts, trustedProxies, close };
}

async function openDatabaseOfAccounts(
  { adminCredentialsDir }: InferenceConfig,
  urlFile: string,
  keys: KeyRing | undefined,
  log: Logger,
) {
  const firstAdmin =
    adminCredentialsDir === undefined ? undefined : await readCredentials(adminCredentialsDir);
  const passwords = await createPasswords();
  const prepare = [
    ...(firstAdmin ? [(knex: Knex) => ensureAdmin(knex, passwords, firstAdmin)] : []),
    ...(keys ? [(knex: Knex) => shareKeyAges(knex, keys)] : []),
  ];
  const database = openDatabase({ urlFile, prepare, log });
  return openAccounts({ database, passwords, keys, log });
}

function reloadNowAndThen(keys: KeyRing, log: Logger): () => void {
  const timer = setInterval(() => {
    keys
      .reload()
      .catch((err: unknown) =>
        log.error({ err }, 'the token keys could not be read again; the old ones stay'),
      );
  }, keyReloadMs);
  timer.unref();
  return () => clearInterval(timer);
}
