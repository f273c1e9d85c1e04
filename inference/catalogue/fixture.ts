import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { productSchema } from '@shelfwise/inference-contract';
import { openStore, type Store } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { pino } from 'pino';
import { waitFor } from '../../hack/process/wait.ts';
import { type PostgresService, startPostgres, writeUrlFile } from '../../hack/services/postgres.ts';
import { type Database, openDatabase } from '../database/database.ts';
import { type Asked, json } from '../fixtures/requests.ts';
import { type TestService, testService } from '../fixtures/service.ts';
import type { Catalogue } from './catalogue.ts';

export const log = pino({ level: 'silent' });

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every kind
  body: any;
}

/** A service with a catalogue, as one replica of it. */
export interface Replica {
  service: TestService;
  catalogue: Catalogue;
  /** As a caller with the role catalogue. */
  call(method: string, path: string, asked?: Asked): Promise<Answer>;
  close(): Promise<void>;
}

export interface Shop {
  dir: string;
  postgres: PostgresService;
  /** The folder of pictures. */
  store: Store;
  database: Database;
  replica(with_?: { store?: Store; databaseUrl?: string }): Promise<Replica>;
  /** Waits until the database is ready, or gone. */
  state(of: Database, wanted: boolean): Promise<true>;
  /** With the replicas that are still there. */
  close(): Promise<void>;
}

/** A PostgreSQL, a folder for pictures, and services that use both. */
export async function openShop(): Promise<Shop> {
  const dir = await mkdtemp(join(tmpdir(), 'catalogue-test-'));
  const postgres = await startPostgres();
  const store = openStore(pathToFileURL(join(dir, 'store')).href, {
    region: 'none',
    forcePathStyle: false,
  });
  const open = async (url: string) =>
    openDatabase({ urlFile: await writeUrlFile(join(dir, `url-${new URL(url).port}`), url), log });
  const state = (of: Database, wanted: boolean) =>
    waitFor(async () => ((of.ready() !== undefined) === wanted ? true : undefined), {
      what: `the database to be ${wanted ? 'ready' : 'gone'}`,
      limitMs: 300_000,
    });
  const database = await open(postgres.url);
  await state(database, true);
  const replicas = new Set<Replica>();
  return {
    dir,
    postgres,
    store,
    database,
    state,
    async replica({ store: other = store, databaseUrl = postgres.url } = {}) {
      const own = await open(databaseUrl);
      await state(own, true);
      const catalogue = { database: own, store: other, predictWithinMs: 60_000 } as Catalogue;
      const service = await testService({ catalogue });
      catalogue.state = service.state;
      const authorization = await service.authorizationOf('catalogue');
      const replica: Replica = {
        service,
        catalogue,
        async call(method, path, { headers = {}, body } = {}) {
          const answer = await fetch(service.url + path, {
            method,
            headers: { authorization, ...headers },
            ...(body !== undefined && { body }),
          } as RequestInit);
          const text = await answer.text();
          const isJson = /json/.test(answer.headers.get('content-type') ?? '');
          return {
            status: answer.status,
            headers: answer.headers,
            body: isJson ? JSON.parse(text) : text,
          };
        },
        async close() {
          replicas.delete(replica);
          await service.close();
          await own.close();
        },
      };
      replicas.add(replica);
      return replica;
    },
    async close() {
      await Promise.all([...replicas].map((replica) => replica.close()));
      await database.close();
      await postgres.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The header If-Match beside what else is asked. */
export const matching = (tag: string | null, { headers, ...asked }: Asked = {}): Asked => ({
  ...asked,
  headers: { ...headers, 'if-match': tag ?? '' },
});

/** A product as it was created, and its ETag. */
export async function createdBy(call: Replica['call'], value: object) {
  const answer = await call('POST', '/v1/products', json(value));
  expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
  return { ...productSchema.parse(answer.body), etag: answer.headers.get('etag') };
}

/** What a refusal says: status, code and part. */
export const refused = ({ status, body }: Answer) => [
  status,
  body.type?.split('/').at(-1),
  body.part,
];
