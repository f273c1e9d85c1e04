import { StepError } from '@shelfwise/trainer-contract';
import type { Logger } from 'pino';
import type { Accounts } from '../accounts/accounts.ts';
import { ensureAdmin, readCredentials } from '../accounts/first-admin.ts';
import { createPasswords } from '../accounts/passwords.ts';
import { apiserverSource } from '../auth/apiserver.ts';
import { createClusterIssuer } from '../auth/cluster-issuer.ts';
import { type KeyRing, openKeyRing } from '../auth/key-ring.ts';
import { openDatabase } from '../database/database.ts';
import type { InferenceConfig } from '../step.ts';

const keyReloadMs = 30_000;

/** Everything that decides who may call. Throws BadConfiguration when that is nobody. */
export async function openCallers(config: InferenceConfig, log: Logger) {
  const { databaseUrlFile, tokenKeysDir, adminCredentialsDir, apiserver } = config;
  if (!databaseUrlFile && !tokenKeysDir && !apiserver) {
    throw new StepError(
      'BadConfiguration',
      'Nobody could call this service: set DATABASE_URL_FILE and TOKEN_KEYS_DIR for accounts, or run it in a cluster for ServiceAccount tokens.',
    );
  }
  const keys = tokenKeysDir === undefined ? undefined : await openKeyRing(tokenKeysDir);
  const stopReloading = keys && reloadNowAndThen(keys, log);
  const cluster = apiserver && createClusterIssuer(apiserverSource(apiserver), log);
  void cluster?.refresh();
  const passwords = await createPasswords();
  const firstAdmin =
    adminCredentialsDir === undefined ? undefined : await readCredentials(adminCredentialsDir);
  const database =
    databaseUrlFile === undefined
      ? undefined
      : openDatabase({
          urlFile: databaseUrlFile,
          prepare: firstAdmin ? [(knex) => ensureAdmin(knex, passwords, firstAdmin)] : [],
          log,
        });
  const accounts: Accounts | undefined = database && { database, passwords };
  const close = async () => {
    stopReloading?.();
    await database?.close();
  };
  return { keys, cluster, accounts, close };
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
