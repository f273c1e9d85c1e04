import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenResponseSchema } from '@shelfwise/inference-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { waitFor } from '../../hack/process/wait.ts';
import { type PostgresService, startPostgres, writeUrlFile } from '../../hack/services/postgres.ts';
import { type KeyRing, openKeyRing } from '../auth/key-ring.ts';
import { openDatabase } from '../database/database.ts';
import { type TestService, testService, writeTokenKey } from '../fixtures/service.ts';
import type { AppSettings } from '../http/app.ts';
import { type Accounts, openAccounts } from './accounts.ts';
import { ensureAdmin } from './first-admin.ts';
import { createPasswords } from './passwords.ts';

export const log = pino({ level: 'silent' });
export const admin = { username: 'admin', password: 'correct horse battery' };
export const strong = 'a long enough password';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every kind
  body: any;
}

/** One replica of a service with accounts. */
export interface Replica {
  accounts: Accounts;
  service: TestService;
  call(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  logIn(who: { username: string; password: string }): Promise<string>;
  close(): Promise<void>;
}

/** Accounts in a real PostgreSQL, with keys that all replicas share. */
export interface Town {
  dir: string;
  postgres: PostgresService;
  urlFile: string;
  keys: KeyRing;
  open(urlFile?: string): Promise<Accounts>;
  replica(settings?: Partial<AppSettings>): Promise<Replica>;
  /** Waits until the accounts are ready, or off. */
  state(of: Accounts, wanted: boolean): Promise<true>;
  close(): Promise<void>;
}

export async function openTown(): Promise<Town> {
  const dir = await mkdtemp(join(tmpdir(), 'accounts-test-'));
  const postgres = await startPostgres();
  const urlFile = await writeUrlFile(join(dir, 'url'), postgres.url);
  await writeTokenKey(dir, 'k1');
  const keys = await openKeyRing(dir);
  const opened: { close(): Promise<void> }[] = [];

  async function open(file = urlFile): Promise<Accounts> {
    const passwords = await createPasswords({ burst: 1_000 });
    const prepare = [
      (knex: Parameters<typeof ensureAdmin>[0]) => ensureAdmin(knex, passwords, admin),
    ];
    const database = openDatabase({ urlFile: file, prepare, log });
    const accounts = openAccounts({ database, passwords, keys, log });
    opened.push(accounts, database);
    return accounts;
  }
  const state = (of: Accounts, wanted: boolean) =>
    waitFor(async () => ((of.database.ready() !== undefined) === wanted ? true : undefined), {
      what: `the accounts to be ${wanted ? 'ready' : 'off'}`,
      limitMs: 300_000,
    });

  return {
    dir,
    postgres,
    urlFile,
    keys,
    open,
    state,
    async replica(settings = {}) {
      const accounts = await open();
      await state(accounts, true);
      const service = await testService({ accounts, keys, ...settings });
      opened.unshift(service);
      const call = calls(service);
      return {
        accounts,
        service,
        call,
        async logIn({ username, password }) {
          const { status, body } = await call('POST', '/v1/tokens', { username, password });
          expect(status, JSON.stringify(body)).to.equal(200);
          return tokenResponseSchema.parse(body).access_token;
        },
        close: async () => {
          for (const one of [service, accounts, accounts.database]) {
            await one.close();
            opened.splice(opened.indexOf(one), 1);
          }
        },
      };
    },
    async close() {
      for (const one of opened) await one.close();
      await postgres.stop();
      await rm(dir, { recursive: true });
    },
  };
}

function calls(service: TestService): Replica['call'] {
  return async (method, path, body, token, headers = {}) => {
    const answer = await fetch(service.url + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
}
