import type { Kubectl } from './kubectl.ts';

export interface Forward {
  /** On 127.0.0.1. */
  port: number;
  close(): void;
}

/** Forwards a free port of 127.0.0.1 to a port of a Service or Pod (`service/s3`) until it is closed. */
export async function portForward(
  kubectl: Kubectl,
  namespace: string,
  target: string,
  port: number,
): Promise<Forward> {
  const child = kubectl.spawn(['port-forward', '-n', namespace, target, `:${port}`]);
  let words = '';
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      words += text;
      const local = /Forwarding from 127\.0\.0\.1:(\d+) /.exec(words)?.[1];
      if (local) resolve({ port: Number(local), close: () => child.kill('SIGTERM') });
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words += text;
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`kubectl port-forward to ${target} ended with ${code}: ${words.trim()}`)),
    );
  });
}
