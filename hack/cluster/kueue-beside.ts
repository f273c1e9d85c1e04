/** `npm run -s kueue`: Kueue beside the cluster that `make cluster` started, until Ctrl-C, which takes it away again. */
import { once } from 'node:events';
import { readConfig } from '../config.ts';
import { chooseCluster } from './cluster.ts';
import { startKueue } from './kueue.ts';

const config = readConfig();
const cluster = await chooseCluster(config);
const { kind, kubeconfig, running } = await cluster.status();
if (kind !== 'local' || !running)
  throw new Error(
    'Kueue runs beside the local cluster, whose API server finds it at localhost: start that with make cluster. On other clusters install Kueue as its own documentation says.',
  );
const kueue = await startKueue(kubeconfig, config);
process.stdout.write(
  'Kueue is ready. Give it a ResourceFlavor, a ClusterQueue and a LocalQueue, and name that in spec.training.queueName. Ctrl-C takes it away.\n',
);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await kueue.uninstall();
