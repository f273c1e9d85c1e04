import type { Config } from '../config.ts';
import { run } from '../process/run.ts';

/** Whether a Docker engine (not only its client) is there. */
export async function dockerAnswers({ inherited }: Config): Promise<boolean> {
  return run('docker', ['version', '--format', '{{.Server.Version}}'], { env: inherited }).then(
    () => true,
    () => false,
  );
}
