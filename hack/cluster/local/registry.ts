import { join } from 'node:path';
import type { Daemon } from './daemons.ts';
import type { LocalLayout } from './layout.ts';

/** Where images are pushed to and pulled from: only on loopback, over plain http, as containerd allows it there. */
export function registryDaemon(
  layout: LocalLayout,
  command: string,
  env: NodeJS.ProcessEnv,
): Daemon {
  const config = join(layout.state, 'registry.json');
  const address = `127.0.0.1:${layout.registry.port}`;
  const settings = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: layout.registry.storage }, delete: { enabled: true } },
    http: { addr: address },
  };
  return {
    name: 'registry',
    command,
    args: ['serve', config],
    env,
    files: { [config]: JSON.stringify(settings, null, 2) },
    ready: async () => {
      const answer = await fetch(`http://${address}/v2/`, { signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(`http://${address}/v2/ answered ${answer.status}`);
      return true;
    },
  };
}
