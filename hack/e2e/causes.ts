/**
 * Makes every failure that a cluster of one node can be brought to, on the local cluster, and writes down what Kubernetes said of it:
 * `node hack/e2e/causes.ts IMAGE`, with `make cluster` running and an image that holds node and sh. What comes out are the cases of
 * operator/release/causes.test.ts, so that reasons are told apart by words that a kubelet, a scheduler and controllers really said.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseCluster } from '../cluster/cluster.ts';
import { readConfig } from '../config.ts';
import { waitFor } from '../process/wait.ts';
import { createKubectl, type KubeObject } from '../shop/kubectl.ts';
import { type Cause, causesAt } from './cause-table.ts';

const output = new URL('../../operator/release/fixtures/causes.json', import.meta.url);
const namespace = 'causes';
const image = process.argv[2];
if (image === undefined) throw new Error('usage: node hack/e2e/causes.ts IMAGE');

const cluster = await (await chooseCluster(readConfig())).status();
const kubectl = await createKubectl(cluster.kubeconfig);
const node = (await kubectl.list('node'))[0].metadata.name;
/** A registry that lets nobody in. */
const registry = createServer((_, answer) => {
  answer.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
}).listen(0, '127.0.0.1');
await once(registry, 'listening');
const { port: closedRegistry } = registry.address() as AddressInfo;

const causes = causesAt({ kubectl, namespace, node, image, closedRegistry });

await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found']);
await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
const found: Record<string, object> = {};
const missed: string[] = [];
for (const [title, cause] of Object.entries(causes)) {
  const name = title.replaceAll(' ', '-');
  process.stderr.write(`${title}\n`);
  if (cause.with) await kubectl.apply(cause.with);
  await kubectl.apply([
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace },
      spec: {
        backoffLimit: 0,
        podReplacementPolicy: 'Failed',
        podFailurePolicy: {
          rules: [
            { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          ],
        },
        template: { spec: cause.spec },
      },
    },
  ]);
  try {
    found[title] = await happened(name, cause);
  } catch (error) {
    missed.push(`${title}: ${error instanceof Error ? error.message : error}`);
  }
  await kubectl.run(['delete', 'job', name, '-n', namespace, '--wait=false']);
  if (title === 'preempted')
    await kubectl.run([
      'delete',
      'pod',
      'important',
      '-n',
      namespace,
      '--force',
      '--grace-period=0',
    ]);
}
registry.close();
await kubectl.run(['delete', 'namespace', namespace, '--wait=false']);
// Half a table would look like a whole one.
if (missed.length > 0) throw new Error(`These did not come about: ${missed.join('; ')}`);
await writeFile(output, `${JSON.stringify(found, undefined, 2)}\n`);

/** The first pod of a Job, as it was seen last before it was gone, and what warnings there are. */
async function happened(name: string, cause: Cause): Promise<object> {
  let last: KubeObject;
  let acted = false;
  const limitMs = 120_000;
  return waitFor(
    async () => {
      const [seen] = await kubectl.list('pod', namespace, `batch.kubernetes.io/job-name=${name}`);
      if (seen && (last === undefined || seen.metadata.uid === last.metadata.uid)) last = seen;
      const warnings = async (of: KubeObject) =>
        (await kubectl.list('events', namespace)).filter(
          (event: KubeObject) =>
            event.involvedObject.uid === of?.metadata.uid && event.type === 'Warning',
        );
      const part = {
        pod: last && {
          metadata: {
            name: last.metadata.name,
            creationTimestamp: last.metadata.creationTimestamp,
          },
          spec: { nodeName: last.spec.nodeName },
          status: last.status,
        },
      };
      const words = ({ reason, message }: KubeObject) => ({ reason, message });
      if (cause.meanwhile && !acted && last?.status.phase === 'Running') {
        acted = true;
        await sleep(1_500);
        await cause.meanwhile(last.metadata.name);
        return undefined;
      }
      if (cause.until === 'over')
        return ['Failed', 'Succeeded'].includes(last?.status.phase) ? part : undefined;
      if (cause.until === 'pod event') {
        const [event] = last ? await warnings(last) : [];
        return event && { ...part, event: words(event) };
      }
      if (cause.until === 'job event') {
        const [event] = await warnings(await kubectl.get('job', name, namespace));
        return event && { event: words(event) };
      }
      return cause.until.test(JSON.stringify(last?.status ?? '')) ? part : undefined;
    },
    { what: name, limitMs, everyMs: 100 },
  );
}
