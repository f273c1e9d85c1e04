import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../cluster/free-ports.ts';
import { multipart, type StoredRequest } from '../load/request.ts';
import { pythonEnvironment } from '../tools/python-environment.ts';
import type { BenchModel, Contender } from './contender.ts';
import { startServer } from './server-process.ts';

const programs = fileURLToPath(new URL('./peers/', import.meta.url));
const requirements = new URL('./requirements.txt', import.meta.url);

interface Peer {
  path: string;
  /** From the folder of the environment's programs. */
  command: (bin: string, port: number) => string[];
  /** The picture's file itself is the body. */
  bare?: true;
}

const python = (program: string) => (bin: string) => [join(bin, 'python'), program];

/** Others' servers, each as its own documentation says for two cores; peers/*.py name the pages. */
const peers: Record<string, Peer> = {
  fastapi: { path: '/predict', command: python('fastapi_app.py') },
  bentoml: {
    path: '/predict',
    command: (bin, port) => [
      ...[join(bin, 'bentoml'), 'serve', 'bentoml_app:Classifier'],
      ...['--host', '127.0.0.1', '--port', String(port)],
    ],
  },
  litserve: { path: '/predict', command: python('litserve_app.py') },
  mosec: { path: '/inference', command: python('mosec_app.py'), bare: true },
};

export const peerNames = Object.keys(peers);

/**
 * A peer that serves the same ONNX file. None of them checks a token, none bounds what it takes in or tells metrics of its
 * stages: what that costs us is in our figures alone.
 */
export async function peer(
  name: string,
  model: BenchModel,
  pictures: readonly Buffer[],
  { inherited, say }: { inherited: NodeJS.ProcessEnv; say: (line: string) => void },
): Promise<Contender> {
  const { path, command, bare } = peers[name] as Peer;
  const bin = join(await pythonEnvironment('bench-serving', requirements, say), 'bin');
  const stored = pictures.map((picture): StoredRequest => {
    const form = bare
      ? { headers: { 'content-type': 'image/jpeg' }, body: picture.toString('base64') }
      : multipart({}, picture);
    return { method: 'POST', path, ...form };
  });
  return {
    name,
    requests: async () => stored,
    async start() {
      const [port] = await freePorts(1);
      const home = await mkdtemp(join(tmpdir(), `bench-serving-${name}-`));
      const server = await startServer({
        name,
        command: command(bin, Number(port)),
        cwd: programs,
        env: {
          PATH: inherited.PATH,
          HOME: home,
          BENTOML_HOME: home,
          BENTOML_DO_NOT_TRACK: 'True',
          PYTHONDONTWRITEBYTECODE: '1',
          BENCH_MODEL: JSON.stringify(model.peers),
          BENCH_PORT: String(port),
          BENCH_WORKERS: '2',
        },
        port: Number(port),
        first: stored[0] as StoredRequest,
      });
      const stop = async () => {
        await server.stop();
        await rm(home, { recursive: true, force: true });
      };
      return { ...server, stop };
    },
  };
}
