import { spawn } from 'node:child_process';
import { type Config, readConfig } from '../config.ts';
import { CommandFailed, type RunOptions, run } from '../process/run.ts';
import { tool } from '../tools/tool.ts';

/** A Kubernetes object as kubectl prints it; what is read of it is checked where it is used. */
// biome-ignore lint/suspicious/noExplicitAny: tests and the demo read objects of many kinds
export type KubeObject = any;

/** kubectl against one cluster: arguments in, objects out. */
export interface Kubectl {
  /** Path of the kubeconfig, for programs that take one of their own. */
  kubeconfig: string;
  /** Runs kubectl to its end; its standard output. */
  run(args: string[], options?: RunOptions): Promise<string>;
  /** Applies objects, or a manifest's text, by server-side apply (strict: a misspelt field is refused). */
  apply(manifest: KubeObject[] | string, namespace?: string): Promise<void>;
  /** Applies what a folder's kustomization.yaml makes, likewise. */
  applyKustomization(folder: string): Promise<void>;
  /** One object, or undefined where there is none. */
  get(kind: string, name: string, namespace?: string): Promise<KubeObject | undefined>;
  /** The objects that a label selector names. */
  list(kind: string, namespace?: string, selector?: string): Promise<KubeObject[]>;
  /** Every state of an object from now on, until `signal` ends it. */
  watch(
    kind: string,
    name: string,
    namespace: string,
    signal: AbortSignal,
  ): AsyncGenerator<KubeObject>;
  /** A kubectl that goes on until it is killed (port-forward, logs -f), as a child process. */
  spawn(args: string[]): ReturnType<typeof spawn>;
}

const applyFlags = ['--server-side', '--force-conflicts', '--field-manager=shelfwise-hack'];

export async function createKubectl(
  kubeconfig: string,
  config: Config = readConfig(),
): Promise<Kubectl> {
  const kubectl = await tool('kubectl', config);
  const env = { ...config.inherited, KUBECONFIG: kubeconfig };
  const at = (namespace?: string) => (namespace ? ['-n', namespace] : []);

  const self: Kubectl = {
    kubeconfig,
    run: (args, options = {}) => run(kubectl, args, { ...options, env }),
    async apply(manifest, namespace) {
      const input =
        typeof manifest === 'string'
          ? manifest
          : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifest });
      await self.run(['apply', ...applyFlags, ...at(namespace), '-f', '-'], { input });
    },
    async applyKustomization(folder) {
      await self.run(['apply', ...applyFlags, '-k', folder]);
    },
    async get(kind, name, namespace) {
      const out = await self.run([
        ...['get', kind, name, ...at(namespace)],
        ...['--ignore-not-found', '-o', 'json'],
      ]);
      return out.trim() === '' ? undefined : JSON.parse(out);
    },
    async list(kind, namespace, selector) {
      const labels = selector ? ['-l', selector] : [];
      return JSON.parse(await self.run(['get', kind, ...at(namespace), ...labels, '-o', 'json']))
        .items;
    },
    async *watch(kind, name, namespace, signal) {
      const args = ['get', kind, name, ...at(namespace), '--watch', '-o', 'json'];
      const child = spawn(kubectl, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const stop = () => child.kill('SIGTERM');
      signal.addEventListener('abort', stop, { once: true });
      let words = '';
      child.stderr.setEncoding('utf8').on('data', (text) => {
        words += text;
      });
      try {
        yield* documents(child.stdout.setEncoding('utf8'));
        if (!signal.aborted)
          throw new CommandFailed(
            `kubectl ${args.join(' ')}`,
            { code: 0, signal: null },
            { stdout: '', stderr: words },
          );
      } finally {
        signal.removeEventListener('abort', stop);
        stop();
      }
    },
    spawn: (args) => spawn(kubectl, args, { env, stdio: ['pipe', 'pipe', 'pipe'] }),
  };
  return self;
}

/** The JSON documents of a stream in which they follow one another, each indented as kubectl indents. */
export async function* documents(text: AsyncIterable<string>): AsyncGenerator<KubeObject> {
  let rest = '';
  for await (const chunk of text) {
    rest += chunk;
    for (let end = rest.indexOf('\n}\n'); end >= 0; end = rest.indexOf('\n}\n')) {
      yield JSON.parse(rest.slice(0, end + 2));
      rest = rest.slice(end + 3);
    }
  }
}
