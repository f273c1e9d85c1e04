import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role } from '@shelfwise/inference-contract';
import { issueToken } from '../../inference/auth/account-tokens.ts';
import { openKeyRing } from '../../inference/auth/key-ring.ts';
import { writeTokenKey } from '../../inference/fixtures/service.ts';
import { freePorts } from '../cluster/free-ports.ts';
import { multipart, type StoredRequest } from '../load/request.ts';
import type { BenchModel, Contender, RunningServer } from './contender.ts';
import { startServer } from './server-process.ts';

const program = fileURLToPath(new URL('../../inference/main.ts', import.meta.url));

/** The service as it runs in a pod, with a folder of keys of its own. */
export interface OurService extends Contender {
  start(options?: OurOptions): Promise<RunningServer>;
  /** The header of a token that is valid for a quarter of an hour. */
  authorization(...roles: Role[]): Promise<string>;
  remove(): Promise<void>;
}

export interface OurOptions {
  env?: Record<string, string>;
  /** The core that all of it is pinned to. */
  core?: number;
}

export async function ourService(
  model: BenchModel,
  pictures: readonly Buffer[],
  inherited: NodeJS.ProcessEnv,
): Promise<OurService> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-serving-keys-'));
  await writeTokenKey(dir, 'k1');
  const keys = await openKeyRing(dir);
  const authorization = async (...roles: Role[]) =>
    `Bearer ${await issueToken(keys, { id: 'bench', name: 'bench', roles })}`;
  const requests = async () => {
    const token = await authorization('predict');
    return pictures.map((picture): StoredRequest => {
      const { headers, body } = multipart({}, picture);
      const own = { ...headers, authorization: token };
      return { method: 'POST', path: '/v1/predict', headers: own, body };
    });
  };
  return {
    name: 'ours',
    authorization,
    requests,
    async start({ env = {}, core } = {}) {
      const [port] = await freePorts(1);
      const [first] = await requests();
      const { store, release, digest } = model;
      const options = { store, release, digest, port: String(port) };
      const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
      return startServer({
        name: 'inference serve',
        command: [process.execPath, program, 'serve', ...flags],
        env: {
          PATH: inherited.PATH,
          TOKEN_KEYS_DIR: dir,
          LOG_LEVEL: 'warn',
          SHUTDOWN_DELAY_MS: '0',
          ...env,
        },
        port: Number(port),
        first: first as StoredRequest,
        core,
      });
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
